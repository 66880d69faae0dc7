import type { ResultView } from './types.ts';

/** A result with its place among the passages of its source. */
export interface GroupedResult {
  result: ResultView;
  /** The source's name, on the first of its passages only. */
  source: string | null;
  /** Passages of this source among the results; 0 for an item that is not a passage. */
  siblings: number;
}

/**
 * Brings passages of one source together, where the best of them stands; the order is otherwise
 * kept.
 */
export function groupPassages(results: ResultView[]): GroupedResult[] {
  const groups = new Map<string | ResultView, ResultView[]>();
  for (const result of results) {
    const key = result.passage?.source ?? result;
    const group = groups.get(key);
    if (group) group.push(result);
    else groups.set(key, [result]);
  }
  return [...groups.values()].flatMap((group) =>
    group.map((result, place) => ({
      result,
      source: place === 0 ? (result.passage?.source ?? null) : null,
      siblings: result.passage ? group.length : 0
    }))
  );
}

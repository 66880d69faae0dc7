import { count } from '#lib/base/format.ts';
import type { Plan, Step } from '#lib/index/types.ts';

const STEPS: Record<Step['name'], string> = {
  queue: 'Waiting',
  filter: 'Filter',
  graph: 'Graph',
  scan: 'Compare',
  're-score': 'Re-score from float32',
  words: 'Wait for the ranking by words',
  items: 'Read items'
};

/** A step of an answer as it is called on the page. */
export function stepName(name: Step['name']): string {
  return STEPS[name];
}

/** What a question was compared with; `provisional` while the re-scoring is still to come. */
export function comparedWith(
  { method, precision, compared, rows }: Pick<Plan, 'method' | 'precision' | 'compared' | 'rows'>,
  provisional: boolean
): string {
  const rescored = provisional ? 're-scoring…' : 're-scored';
  const some = `${count(compared)} of ${count(rows)}`;
  if (method === 'hnsw') return `compared with ${some} along the graph, ${rescored}`;
  if (precision === 'int8') return `compared with ${some} as 8-bit codes, ${rescored}`;
  if (compared !== rows) return `compared with ${some} vectors`;
  return rows === 1 ? 'compared with the only vector' : `compared with all ${count(rows)} vectors`;
}

import type { Row } from '#lib/base/ids.ts';
import { NO_ROW, type ManyNeighbours } from './types.ts';

/** Rows that were found for a question, and how similar they are to it. */
export interface FoundRows {
  rows: Row[];
  similarities: ArrayLike<number>;
}

/** Float32 sums in another order differ by less. */
const ROUNDING = 1e-5;

/**
 * Share of the true neighbours that was found, over all questions; 1 when there is nothing to find. A
 * row as similar as the last true neighbour is as good as it: of equal items any will do.
 */
export function recallOf(found: FoundRows[], { k, rows, similarities }: ManyNeighbours): number {
  let hits = 0;
  let wanted = 0;
  found.forEach((those, n) => {
    const truth = rows.subarray(n * k, (n + 1) * k).filter((row) => row !== NO_ROW);
    const known = new Set(truth);
    const least = similarities[n * k + truth.length - 1]! - ROUNDING;
    const good = those.rows.filter(
      (row, i) => known.has(row) || those.similarities[i]! >= least
    ).length;
    wanted += truth.length;
    hits += Math.min(good, truth.length);
  });
  return wanted === 0 ? 1 : hits / wanted;
}

/** Share of the true neighbours that is among rows whose similarities are not known. */
export function shareAmong(found: Row[][], truth: ManyNeighbours): number {
  return recallOf(
    found.map((rows) => ({ rows, similarities: [] })),
    truth
  );
}

/** The value below which `share` of the values lie, by nearest rank; NaN of none. */
export function percentile(values: number[], share: number): number {
  const rising = [...values].sort((a, b) => a - b);
  return rising[Math.max(0, Math.ceil(share * rising.length) - 1)] ?? NaN;
}

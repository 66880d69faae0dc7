import type { Row } from '#lib/base/ids.ts';
import { NO_ROW, type ManyNeighbours } from './types.ts';

/**
 * Share of the true neighbours that is among what was found, over all questions; 1 when there is
 * nothing to find. `found` may hold more rows than there are true ones.
 */
export function recallOf(found: Row[][], { k, rows }: ManyNeighbours): number {
  let hits = 0;
  let wanted = 0;
  found.forEach((those, n) => {
    const truth = rows.subarray(n * k, (n + 1) * k).filter((row) => row !== NO_ROW);
    const known = new Set(those);
    wanted += truth.length;
    for (const row of truth) if (known.has(row)) hits++;
  });
  return wanted === 0 ? 1 : hits / wanted;
}

/** The value below which `share` of the values lie, by nearest rank; NaN of none. */
export function percentile(values: number[], share: number): number {
  const rising = [...values].sort((a, b) => a - b);
  return rising[Math.max(0, Math.ceil(share * rising.length) - 1)] ?? NaN;
}

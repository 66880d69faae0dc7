/** Below so many rows one graph is built in a moment: more workers would only cost memory. */
export const FEW_ROWS = 5000;

/**
 * How many graphs to build side by side for a collection with so many rows, on a machine with so many
 * cores: some are left for the page, its other workers, and whatever else runs.
 */
export function countShards(rows: number, cores: number): number {
  if (rows < FEW_ROWS || cores < 2) return 1;
  return cores < 8 ? 2 : 4;
}

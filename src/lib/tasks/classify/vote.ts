/** Neighbours of items among labelled rows: `items × k`. */
export interface LabelledNeighbours {
  k: number;
  rows: Uint32Array;
  similarities: Float32Array;
}

/**
 * What a neighbour's vote weighs: as much as it is similar, and nothing when it is less similar than not at
 * all. Where none is similar, the nearer still counts more; and where all are opposite, each counts the same.
 */
const WEIGHTS = [
  (similarity: number) => Math.max(0, similarity),
  (similarity: number) => 1 + similarity,
  () => 1
];

/**
 * How the nearest `k` labelled rows of each item vote: `items × labels`, the shares of the votes, row-major. A
 * vote weighs as {@link WEIGHTS} has it. `labelOf` tells a row's label; it is negative where a row has none,
 * or stands for no neighbour. An item without neighbours has no votes: zeros.
 */
export function vote(
  { k, rows, similarities }: LabelledNeighbours,
  labels: number,
  labelOf: (row: number) => number
): Float32Array<ArrayBuffer> {
  const items = rows.length / k;
  const shares = new Float32Array(items * labels);
  for (let item = 0; item < items; item++) {
    const own = shares.subarray(item * labels, (item + 1) * labels);
    let sum = 0;
    for (const weigh of WEIGHTS) {
      for (let n = item * k; n < (item + 1) * k; n++) {
        const label = labelOf(rows[n]!);
        if (label < 0) continue;
        const weight = weigh(similarities[n]!);
        own[label]! += weight;
        sum += weight;
      }
      if (sum > 0) break;
    }
    for (let label = 0; label < labels && sum > 0; label++) own[label]! /= sum;
  }
  return shares;
}

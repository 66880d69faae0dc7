import { norm } from '#lib/base/vector.ts';

/** What a vector's values are like. */
export interface ValueStatistics {
  /** Euclidean length. */
  norm: number;
  least: number;
  most: number;
  mean: number;
  /** Values in each of equally wide intervals, symmetric about zero. */
  histogram: { from: number; to: number; values: number }[];
}

/** Describes a vector of at least one value; its histogram has `bins` intervals, an odd number of them. */
export function describeValues(vector: Float32Array, bins = 41): ValueStatistics {
  let least = Infinity;
  let most = -Infinity;
  let sum = 0;
  for (const value of vector) {
    least = Math.min(least, value);
    most = Math.max(most, value);
    sum += value;
  }
  const reach = Math.max(Math.abs(least), Math.abs(most)) || 1;
  const width = (2 * reach) / bins;
  const histogram = Array.from({ length: bins }, (_, bin) => ({
    from: bin * width - reach,
    to: (bin + 1) * width - reach,
    values: 0
  }));
  for (const value of vector) {
    const bin = Math.floor((value + reach) / width);
    histogram[Math.min(bins - 1, bin)]!.values++;
  }
  return { norm: norm(vector), least, most, mean: sum / vector.length, histogram };
}

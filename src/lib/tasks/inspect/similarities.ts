import { dot, shorten } from '#lib/base/vector.ts';

/**
 * Cosine similarity of each of `count` vectors with each, `count × count`, row-major, in [-1, 1]. Of each
 * vector the first `kept` values count, normalised again: as text-embedding-3 vectors are shortened.
 * `values`: count × dimensions, row-major, of any length.
 */
export function cosineMatrix(
  values: Float32Array,
  count: number,
  dimensions: number,
  kept: number
): Float32Array {
  const vectors = Array.from({ length: count }, (_, n) =>
    shorten(values.subarray(n * dimensions, (n + 1) * dimensions), kept)
  );
  const matrix = new Float32Array(count * count);
  for (let a = 0; a < count; a++) {
    for (let b = a; b < count; b++) {
      // Rounding may make a vector's cosine with itself a hair more than 1.
      const cosine = Math.max(-1, Math.min(1, dot(vectors[a]!, vectors[b]!)));
      matrix[a * count + b] = matrix[b * count + a] = cosine;
    }
  }
  return matrix;
}

/** What shortening did to the similarities of some texts. */
export interface ShorteningCost {
  /** Difference of a pair's similarity, on average and at most. */
  meanDifference: number;
  mostDifference: number;
  /** Texts whose nearest other text is the same as before. */
  sameNearest: number;
}

/** Compares the similarities of shortened vectors with those of whole ones; both `count × count`, count ≥ 2. */
export function shorteningCost(
  whole: Float32Array,
  shortened: Float32Array,
  count: number
): ShorteningCost {
  let sum = 0;
  let most = 0;
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      const difference = Math.abs(whole[a * count + b]! - shortened[a * count + b]!);
      sum += difference;
      most = Math.max(most, difference);
    }
  }
  const rows = Array.from({ length: count }, (_, row) => row);
  return {
    meanDifference: sum / ((count * (count - 1)) / 2),
    mostDifference: most,
    sameNearest: rows.filter((row) => nearest(whole, count, row) === nearest(shortened, count, row))
      .length
  };
}

/** The text most like that of a row, itself left out. */
function nearest(matrix: Float32Array, count: number, row: number): number {
  let best = -1;
  for (let other = 0; other < count; other++) {
    if (other === row) continue;
    if (best < 0 || matrix[row * count + other]! > matrix[row * count + best]!) best = other;
  }
  return best;
}

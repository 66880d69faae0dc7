/** Dot product of two vectors of equal length. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Euclidean length of a vector. */
export function norm(vector: Float32Array): number {
  return Math.sqrt(dot(vector, vector));
}

/** Scales a vector to length 1, in place, and returns it. A zero vector stays as it is. */
export function normalise(vector: Float32Array): Float32Array {
  const length = norm(vector);
  if (length === 0) return vector;
  for (let i = 0; i < vector.length; i++) vector[i]! /= length;
  return vector;
}

/** The first `dimensions` values, normalised again: how text-embedding-3 vectors are shortened. */
export function shorten(vector: Float32Array, dimensions: number): Float32Array {
  return normalise(vector.slice(0, dimensions));
}

/**
 * Average of vectors weighted by `weights`, normalised: OpenAI's recipe for texts embedded in parts.
 * @see https://cookbook.openai.com/examples/embedding_long_inputs
 */
export function weightedMean(vectors: Float32Array[], weights: number[]): Float32Array {
  const mean = new Float32Array(vectors[0]?.length ?? 0);
  vectors.forEach((vector, n) => {
    for (let i = 0; i < mean.length; i++) mean[i]! += vector[i]! * weights[n]!;
  });
  return normalise(mean);
}

/** Why a vector can't be used, or undefined when it can: every value finite, and not all zero. */
export function vectorFault(vector: Float32Array): 'not-finite' | 'zero' | undefined {
  let zero = true;
  for (const value of vector) {
    if (!Number.isFinite(value)) return 'not-finite';
    if (value !== 0) zero = false;
  }
  return zero ? 'zero' : undefined;
}

/** Cells of the strip a vector is drawn as. */
export const FINGERPRINT_CELLS = 48;

/**
 * A vector as a few signed bytes, for drawing: means of `cells` equal slices of its values, scaled
 * so that the strongest cell is ±127. Like vectors of one space give like fingerprints.
 */
export function fingerprint(vector: Float32Array, cells = FINGERPRINT_CELLS): Int8Array {
  const means = new Float32Array(cells);
  for (let cell = 0; cell < cells; cell++) {
    const from = Math.floor((cell * vector.length) / cells);
    const to = Math.max(from + 1, Math.floor(((cell + 1) * vector.length) / cells));
    let sum = 0;
    for (let i = from; i < Math.min(to, vector.length); i++) sum += vector[i]!;
    means[cell] = sum;
  }
  const strongest = means.reduce((max, value) => Math.max(max, Math.abs(value)), 0) || 1;
  return Int8Array.from(means, (value) => Math.round((value / strongest) * 127));
}

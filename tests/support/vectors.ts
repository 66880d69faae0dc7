import { seededRandom } from './random.ts';

/**
 * `count × dimensions`, row-major, L2-normalised: each vector near one of `clusters` random centres,
 * as embeddings of real texts lie near their topics.
 */
export function clusteredVectors(
  count: number,
  dimensions: number,
  { clusters = 20, spread = 0.8, seed = 1 } = {}
): Float32Array<ArrayBuffer> {
  const random = seededRandom(seed);
  // Nearly normal: the sum of four uniform numbers.
  const normal = () => random() + random() + random() + random() - 2;
  const centres = Float32Array.from({ length: clusters * dimensions }, normal);
  const vectors = new Float32Array(count * dimensions);
  for (let n = 0; n < count; n++) {
    const centre = Math.floor(random() * clusters) * dimensions;
    const vector = vectors.subarray(n * dimensions, (n + 1) * dimensions);
    for (let i = 0; i < dimensions; i++) vector[i] = centres[centre + i]! + spread * normal();
    const length = Math.hypot(...vector);
    for (let i = 0; i < dimensions; i++) vector[i]! /= length;
  }
  return vectors;
}

/** Vector `n` of row-major vectors. */
export function vectorAt(vectors: Float32Array, n: number, dimensions: number): Float32Array {
  return vectors.subarray(n * dimensions, (n + 1) * dimensions);
}

/** The `k` rows most similar to `query` by sorting all of them; equal similarities by row. */
export function bruteForce(
  vectors: Float32Array,
  query: Float32Array,
  k: number,
  allowed: (row: number) => boolean = () => true
): number[] {
  const dimensions = query.length;
  return Array.from({ length: vectors.length / dimensions }, (_, row) => ({
    row,
    similarity: vectorAt(vectors, row, dimensions).reduce((sum, x, i) => sum + x * query[i]!, 0)
  }))
    .filter(({ row }) => allowed(row))
    .sort((a, b) => b.similarity - a.similarity || a.row - b.row)
    .slice(0, k)
    .map(({ row }) => row);
}

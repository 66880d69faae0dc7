import type { Scored } from './scanner.ts';
import { similarityAt } from './similarity.ts';

/**
 * The `k` of `rows` most similar to `query`, computed from their vectors (`rows.length × dimensions`),
 * which come along in the new order; equal similarities by row.
 */
export function rescore(
  query: Float32Array,
  k: number,
  rows: Uint32Array,
  vectors: Float32Array
): Scored & { vectors: Float32Array } {
  const dimensions = query.length;
  const similarities = Float32Array.from(rows, (_, n) =>
    similarityAt(vectors, n * dimensions, query)
  );
  const best = [...rows.keys()]
    .sort((a, b) => similarities[b]! - similarities[a]! || rows[a]! - rows[b]!)
    .slice(0, k);
  const ordered = new Float32Array(best.length * dimensions);
  best.forEach((n, i) =>
    ordered.set(vectors.subarray(n * dimensions, (n + 1) * dimensions), i * dimensions)
  );
  return {
    rows: Uint32Array.from(best, (n) => rows[n]!),
    similarities: Float32Array.from(best, (n) => similarities[n]!),
    vectors: ordered
  };
}

import type { Scored } from './scanner.ts';
import { similarityAt } from './similarity.ts';

/** Where a vector stands. */
export interface Located {
  vectors: Float32Array;
  /** Index of its first value. */
  offset: number;
}

/**
 * The `k` of `rows` most similar to `query`, computed from their vectors, which come along in the new
 * order: `k × dimensions`. Equal similarities are ordered by row.
 */
export function rescore(
  query: Float32Array,
  k: number,
  rows: Uint32Array,
  located: Located[]
): Scored & { vectors: Float32Array } {
  const dimensions = query.length;
  const similarities = new Float32Array(rows.length);
  for (const [n, { vectors, offset }] of located.entries()) {
    similarities[n] = similarityAt(vectors, offset, query);
  }
  const best = [...rows.keys()]
    .sort((a, b) => similarities[b]! - similarities[a]! || rows[a]! - rows[b]!)
    .slice(0, k);
  return {
    rows: Uint32Array.from(best, (n) => rows[n]!),
    similarities: Float32Array.from(best, (n) => similarities[n]!),
    vectors: gather(
      best.map((n) => located[n]!),
      dimensions
    )
  };
}

/** Vectors from wherever they stand, one after the other: `located.length × dimensions`. */
export function gather(located: Located[], dimensions: number): Float32Array<ArrayBuffer> {
  const gathered = new Float32Array(located.length * dimensions);
  located.forEach(({ vectors, offset }, n) =>
    gathered.set(vectors.subarray(offset, offset + dimensions), n * dimensions)
  );
  return gathered;
}

import { bitAt } from '#lib/base/bits.ts';
import { TopK } from './top-k.ts';

/** Vectors that came together: `rows.length × dimensions`, row-major, L2-normalised. */
export interface VectorBlock {
  readonly rows: Uint32Array;
  readonly vectors: Float32Array;
}

/** What an exact scan found, the most similar first. */
export interface ScanResult {
  rows: Uint32Array<ArrayBuffer>;
  similarities: Float32Array<ArrayBuffer>;
  /** Vectors the query was compared with. */
  compared: number;
}

/**
 * Cosine similarity of `query` and the vector that starts at `offset`, both L2-normalised: their dot
 * product, clamped to [-1, 1] since rounding can carry it past, as a float32 value. Four sums side by
 * side let the processor overlap the additions.
 */
export function similarityAt(vectors: Float32Array, offset: number, query: Float32Array): number {
  const whole = query.length & ~3;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < whole; i += 4) {
    a += vectors[offset + i]! * query[i]!;
    b += vectors[offset + i + 1]! * query[i + 1]!;
    c += vectors[offset + i + 2]! * query[i + 2]!;
    d += vectors[offset + i + 3]! * query[i + 3]!;
  }
  for (let i = whole; i < query.length; i++) a += vectors[offset + i]! * query[i]!;
  return Math.fround(Math.min(1, Math.max(-1, a + b + (c + d))));
}

/**
 * The `k` rows of `allowed` most similar to `query`, found by comparing with every one of them; equal
 * similarities by rising row. Fewer only when fewer are allowed.
 */
export function scanExact(
  blocks: Iterable<VectorBlock>,
  query: Float32Array,
  k: number,
  allowed: Uint8Array
): ScanResult {
  const top = new TopK(k);
  let compared = 0;
  for (const { rows, vectors } of blocks) {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (!bitAt(allowed, row)) continue;
      compared++;
      const similarity = similarityAt(vectors, i * query.length, query);
      if (similarity >= top.threshold) top.offer(row, similarity);
    }
  }
  return { ...top.sorted(), compared };
}

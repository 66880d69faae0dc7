/**
 * Cosine similarity of `query` and the vector that starts at `offset`, both L2-normalised: their dot
 * product, clamped to [-1, 1] since rounding can carry it past, as a float32 value. What a reader is
 * shown is computed here, whichever way it was found. Four sums side by side let the processor
 * overlap the additions.
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
  return clampSimilarity(a + b + (c + d));
}

/** A dot product of L2-normalised vectors as a cosine: clamped to [-1, 1], as a float32 value. */
export function clampSimilarity(dot: number): number {
  return Math.fround(Math.min(1, Math.max(-1, dot)));
}

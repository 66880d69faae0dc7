/** Vectors in eight bits a value. */
export interface VectorCodes {
  /** `count × dimensions`, row-major: `value ÷ scale` of its dimension, rounded, in [-127, 127]. */
  codes: Int8Array<ArrayBuffer>;
  /** `dimensions`: what one step is worth in each dimension of these vectors; 0 where all are zero. */
  scales: Float32Array<ArrayBuffer>;
}

/** The largest code; -128 is never used, so that codes can be negated. */
const LARGEST = 127;

/**
 * Encodes vectors (`count × dimensions`, row-major) with scales of their own: scales fitted on other
 * vectors would cut off what lies outside them. A value errs by at most half its dimension's scale.
 */
export function encodeVectors(vectors: Float32Array, dimensions: number): VectorCodes {
  const scales = new Float32Array(dimensions);
  for (let i = 0; i < vectors.length; i += dimensions) {
    for (let d = 0; d < dimensions; d++) {
      const size = Math.abs(vectors[i + d]!);
      if (size > scales[d]!) scales[d] = size;
    }
  }
  const steps = Float32Array.from(scales, (largest) => (largest > 0 ? LARGEST / largest : 0));
  for (let d = 0; d < dimensions; d++) scales[d]! /= LARGEST;

  const codes = new Int8Array(vectors.length);
  for (let i = 0; i < vectors.length; i += dimensions) {
    for (let d = 0; d < dimensions; d++) {
      const code = Math.round(vectors[i + d]! * steps[d]!);
      codes[i + d] = code > LARGEST ? LARGEST : code < -LARGEST ? -LARGEST : code;
    }
  }
  return { codes, scales };
}

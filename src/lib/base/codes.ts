/** Vectors in eight bits a value. */
export interface VectorCodes {
  /** `count × dimensions`, row-major: `value ÷ scale` of its dimension, rounded, in [-127, 127]. */
  codes: Int8Array<ArrayBuffer>;
  /**
   * `dimensions`: what one step is worth in each dimension of these vectors; 0 where all values are
   * zero, or as good as zero (below 1.5e-36).
   */
  scales: Float32Array<ArrayBuffer>;
}

/** The largest code; -128 is never used, so that codes can be negated. */
const LARGEST = 127;

/** The smallest float32 with all of its bits: a smaller scale would be off by more than rounding. */
const SMALLEST_SCALE = 2 ** -126;

/**
 * Encodes vectors (`count × dimensions`, row-major, finite) with scales of their own: scales fitted on
 * other vectors would cut off what lies outside them. `code × scale` errs by at most half its
 * dimension's scale. The same vectors give the same codes everywhere.
 */
export function encodeVectors(vectors: Float32Array, dimensions: number): VectorCodes {
  const scales = largestValues(vectors, dimensions);
  const steps = new Float64Array(dimensions);
  for (let d = 0; d < dimensions; d++) {
    const scale = Math.fround(scales[d]! / LARGEST);
    scales[d] = scale < SMALLEST_SCALE ? 0 : scale;
    // From the scale as it is kept, not from the largest value: else the error could pass the half.
    steps[d] = scales[d]! > 0 ? 1 / scales[d]! : 0;
  }
  const codes = new Int8Array(vectors.length);
  for (let i = 0; i < vectors.length; i += dimensions) {
    for (let d = 0; d < dimensions; d++) {
      // An Int8Array keeps the low byte of the whole part: adding 256½ rounds to the nearest without
      // a look at the sign, several times as fast as Math.round.
      codes[i + d] = vectors[i + d]! * steps[d]! + 256.5;
    }
  }
  return { codes, scales };
}

/** The largest absolute value in each dimension. */
function largestValues(vectors: Float32Array, dimensions: number): Float32Array<ArrayBuffer> {
  const largest = new Float32Array(dimensions);
  for (let i = 0; i < vectors.length; i += dimensions) {
    for (let d = 0; d < dimensions; d++) {
      const size = Math.abs(vectors[i + d]!);
      if (size > largest[d]!) largest[d] = size;
    }
  }
  return largest;
}

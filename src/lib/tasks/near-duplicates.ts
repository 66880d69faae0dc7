import { dot } from '#lib/base/vector.ts';

/** Items at least this similar say the same; embeddings of one text differ by far less, by rounding. */
const SAME = 0.98;

/** Stands where an item is no near-duplicate. */
export const NOT_ALIKE = -1;

/**
 * Which of some items nearly repeat an earlier one: for each, the place of the first it repeats that
 * repeats none itself, or {@link NOT_ALIKE}. `vectors` is `count × dimensions`, L2-normalised.
 */
export function nearDuplicates(vectors: Float32Array, dimensions: number): Int32Array<ArrayBuffer> {
  const count = vectors.length / dimensions;
  const repeats = new Int32Array(count).fill(NOT_ALIKE);
  const at = (n: number) => vectors.subarray(n * dimensions, (n + 1) * dimensions);
  for (let n = 1; n < count; n++) {
    const vector = at(n);
    for (let first = 0; first < n; first++) {
      if (repeats[first] !== NOT_ALIKE || dot(at(first), vector) < SAME) continue;
      repeats[n] = first;
      break;
    }
  }
  return repeats;
}

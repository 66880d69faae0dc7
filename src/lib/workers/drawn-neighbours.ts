import { transfer } from '#lib/base/remote.ts';
import { fingerprint, FINGERPRINT_CELLS } from '#lib/base/vector.ts';
import type { Found } from '#lib/index/engine.ts';
import type { Neighbours } from '#lib/index/types.ts';
import { nearDuplicates } from '#lib/tasks/near-duplicates.ts';

/** What is needed to draw some vectors beside each other. */
export interface Drawing {
  /** `count × FINGERPRINT_CELLS`. */
  fingerprints: Int8Array;
  /** See `nearDuplicates`. */
  repeats: Int32Array;
}

/** Neighbours with what is needed to draw them. */
export type DrawnNeighbours = Neighbours & Drawing;

/** Neighbours as they are drawn, in place of their vectors. */
export function drawNeighbours({ vectors, ...found }: Found): DrawnNeighbours {
  const drawn = { ...found, ...drawVectors(vectors, vectors.length / (found.rows.length || 1)) };
  const { rows, similarities, fingerprints, repeats } = drawn;
  const arrays = [rows, similarities, fingerprints, repeats];
  return transfer(
    drawn,
    arrays.map(({ buffer }) => buffer as ArrayBuffer)
  );
}

/** Vectors (`count × dimensions`, L2-normalised) as they are drawn. */
export function drawVectors(vectors: Float32Array, dimensions: number): Drawing {
  const count = vectors.length / (dimensions || 1);
  const fingerprints = new Int8Array(count * FINGERPRINT_CELLS);
  for (let n = 0; n < count; n++) {
    const vector = vectors.subarray(n * dimensions, (n + 1) * dimensions);
    fingerprints.set(fingerprint(vector), n * FINGERPRINT_CELLS);
  }
  return { fingerprints, repeats: nearDuplicates(vectors, dimensions) };
}

import { mapBounded } from '#lib/base/bounded.ts';
import { StoreError } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import type { Segment } from './schema.ts';
import { readVectorsAt } from './segments.ts';

/** Segments read at the same time: more are not faster, and each may stand in memory whole. */
const SEGMENTS_AT_ONCE = 8;

/** Positions of one segment that are wanted, and where their vectors go in the result. */
interface Wanted {
  positions: number[];
  places: number[];
}

/** Finds and reads the float32 vectors of a collection by row; holds handles, not vectors. */
export class RowVectors {
  readonly #dimensions: number;
  readonly #blobs: Blob[] = [];
  /** By row: 1 + the index of its segment, 0 for none. */
  #segments = new Uint32Array(0);
  /** By row: its position in its segment. */
  #positions = new Uint16Array(0);

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
  }

  /** Takes in segments of one generation of the collection; those it has already are passed over. */
  add(segments: Segment[]): void {
    for (const { rows, vectors, firstRow } of segments) {
      if (this.has(firstRow)) continue;
      const index = this.#blobs.push(vectors);
      // Rows rise, so the last one is the largest.
      this.#reserve(rows.at(-1)! + 1);
      for (let position = 0; position < rows.length; position++) {
        const row = rows[position]!;
        this.#segments[row] = index;
        this.#positions[row] = position;
      }
    }
  }

  /** Whether a row has a vector, dead or not. */
  has(row: Row): boolean {
    return (this.#segments[row] ?? 0) > 0;
  }

  /**
   * The vectors of `rows`, in that order: `rows.length × dimensions`, row-major, L2-normalised. Only
   * these are read, and what lies between near ones. Throws `StoreError`: `no-vector` when a row has
   * none, `storage-failed` when the browser can't read them.
   */
  async read(rows: ArrayLike<Row>): Promise<Float32Array> {
    const dimensions = this.#dimensions;
    const result = new Float32Array(rows.length * dimensions);
    const wanted = this.#bySegment(rows);
    await mapBounded(wanted, SEGMENTS_AT_ONCE, async ([index, { positions, places }]) => {
      const vectors = this.#blobs[index]!;
      const found = await readVectorsAt({ dimensions, vectors }, positions);
      places.forEach((place, n) => {
        const vector = found.subarray(n * dimensions, (n + 1) * dimensions);
        result.set(vector, place * dimensions);
      });
    });
    return result;
  }

  #bySegment(rows: ArrayLike<Row>): Map<number, Wanted> {
    const wanted = new Map<number, Wanted>();
    for (let place = 0; place < rows.length; place++) {
      const row = rows[place]!;
      if (!this.has(row)) throw noVector(row);
      const index = this.#segments[row]! - 1;
      let of = wanted.get(index);
      if (!of) wanted.set(index, (of = { positions: [], places: [] }));
      of.positions.push(this.#positions[row]!);
      of.places.push(place);
    }
    return wanted;
  }

  #reserve(rows: number): void {
    if (rows <= this.#segments.length) return;
    const length = Math.max(rows, 2 * this.#segments.length);
    const segments = new Uint32Array(length);
    segments.set(this.#segments);
    const positions = new Uint16Array(length);
    positions.set(this.#positions);
    [this.#segments, this.#positions] = [segments, positions];
  }
}

function noVector(row: Row): StoreError {
  return new StoreError('no-vector', `Row ${row} has no vector.`, 'Reload the page.', { row });
}

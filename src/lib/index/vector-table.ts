import { bitAt } from '#lib/base/bits.ts';
import { IndexError } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { addRow, countRows, deleteRow } from './bitmap.ts';
import type { VectorBlock } from './exact.ts';
import type { VectorBatch } from './types.ts';

/**
 * The vectors of a collection in memory, in the blocks they came in, and which of their rows are
 * live: have a vector and are not dead. A row may die before its vector comes.
 */
export class VectorTable {
  readonly dimensions: number;
  readonly #blocks: VectorBlock[] = [];
  #blockOf = new Uint32Array(0);
  #placeOf = new Uint32Array(0);
  #embedded = new Uint8Array(0);
  #dead = new Uint8Array(0);
  #live = new Uint8Array(0);
  #liveCount = 0;

  constructor(dimensions: number) {
    this.dimensions = dimensions;
  }

  /** All vectors, dead rows' included. */
  get blocks(): readonly VectorBlock[] {
    return this.#blocks;
  }

  /** Live rows as a bitmap; not to be written to. */
  get live(): Uint8Array {
    return this.#live;
  }

  get liveCount(): number {
    return this.#liveCount;
  }

  /** Memory of the vectors, in bytes. */
  get bytes(): number {
    return this.#blocks.reduce((sum, { vectors }) => sum + vectors.byteLength, 0);
  }

  /**
   * Takes a batch of vectors, which it keeps without copying. Throws `IndexError`: `wrong-dimensions`
   * when their length does not fit, `row-twice` when a row has a vector already; then nothing is added.
   */
  add({ rows, vectors }: VectorBatch): void {
    if (vectors.length !== rows.length * this.dimensions) {
      throw new IndexError(
        'wrong-dimensions',
        `${rows.length} vectors of ${this.dimensions} dimensions were expected, but ${vectors.length} values came.`
      );
    }
    const block: VectorBlock = { rows: Uint32Array.from(rows), vectors };
    const twice = block.rows.find((row) => bitAt(this.#embedded, row));
    if (twice !== undefined)
      throw new IndexError('row-twice', `Row ${twice} has a vector already.`);

    this.#reserve(block.rows.reduce((max, row) => Math.max(max, row + 1), 0));
    block.rows.forEach((row, place) => {
      this.#blockOf[row] = this.#blocks.length;
      this.#placeOf[row] = place;
      addRow(this.#embedded, row);
      if (!bitAt(this.#dead, row)) addRow(this.#live, row);
    });
    this.#blocks.push(block);
    this.#liveCount = countRows(this.#live);
  }

  /** Rows are not found any more. */
  remove(rows: Iterable<Row>): void {
    for (const row of rows) {
      this.#reserve(row + 1);
      addRow(this.#dead, row);
      deleteRow(this.#live, row);
    }
    this.#liveCount = countRows(this.#live);
  }

  /** Undoes {@link remove}. */
  restore(rows: Iterable<Row>): void {
    for (const row of rows) {
      this.#reserve(row + 1);
      deleteRow(this.#dead, row);
      if (bitAt(this.#embedded, row)) addRow(this.#live, row);
    }
    this.#liveCount = countRows(this.#live);
  }

  /** Where a row's vector is; undefined when it has none. A dead row's vector is still there. */
  find(row: Row): { vectors: Float32Array; offset: number } | undefined {
    if (!bitAt(this.#embedded, row)) return undefined;
    const { vectors } = this.#blocks[this.#blockOf[row]!]!;
    return { vectors, offset: this.#placeOf[row]! * this.dimensions };
  }

  /** Makes room for rows below `rows`, by half more than asked so that it happens seldom. */
  #reserve(rows: number): void {
    if (rows <= this.#blockOf.length) return;
    const capacity = Math.ceil((rows * 1.5) / 8) * 8;
    this.#blockOf = grown(this.#blockOf, new Uint32Array(capacity));
    this.#placeOf = grown(this.#placeOf, new Uint32Array(capacity));
    this.#embedded = grown(this.#embedded, new Uint8Array(capacity / 8));
    this.#dead = grown(this.#dead, new Uint8Array(capacity / 8));
    this.#live = grown(this.#live, new Uint8Array(capacity / 8));
  }
}

function grown<Table extends Uint32Array | Uint8Array>(old: Table, larger: Table): Table {
  larger.set(old);
  return larger;
}

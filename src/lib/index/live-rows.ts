import { bitAt } from '#lib/base/bits.ts';
import type { Row } from '#lib/base/ids.ts';
import { addRow, countRows, deleteRow } from './bitmap.ts';

/**
 * Which rows of a collection can be found: those that have a vector and are not dead. A row may die
 * before its vector comes.
 */
export class LiveRows {
  #embedded = new Uint8Array(0);
  #dead = new Uint8Array(0);
  #live = new Uint8Array(0);
  #count = 0;

  /** Live rows as a bitmap; not to be written to. */
  get bits(): Uint8Array {
    return this.#live;
  }

  /** How many rows are live. */
  get count(): number {
    return this.#count;
  }

  /** Whether a row has a vector, dead or not. */
  has(row: Row): boolean {
    return bitAt(this.#embedded, row);
  }

  /** Rows have their vectors now. */
  add(rows: Uint32Array): void {
    this.#reserve(rows.reduce((max, row) => Math.max(max, row + 1), 0));
    for (const row of rows) {
      addRow(this.#embedded, row);
      if (!bitAt(this.#dead, row)) addRow(this.#live, row);
    }
    this.#count = countRows(this.#live);
  }

  /** Rows are not found any more. */
  remove(rows: Iterable<Row>): void {
    for (const row of rows) {
      this.#reserve(row + 1);
      addRow(this.#dead, row);
      deleteRow(this.#live, row);
    }
    this.#count = countRows(this.#live);
  }

  /** Undoes {@link remove}. */
  restore(rows: Iterable<Row>): void {
    for (const row of rows) {
      this.#reserve(row + 1);
      deleteRow(this.#dead, row);
      if (bitAt(this.#embedded, row)) addRow(this.#live, row);
    }
    this.#count = countRows(this.#live);
  }

  /** Makes room for rows below `rows`, by half more than asked so that it happens seldom. */
  #reserve(rows: number): void {
    if (rows <= 8 * this.#live.length) return;
    const bytes = Math.ceil((rows * 1.5) / 8);
    this.#embedded = grown(this.#embedded, bytes);
    this.#dead = grown(this.#dead, bytes);
    this.#live = grown(this.#live, bytes);
  }
}

function grown(old: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes);
  larger.set(old);
  return larger;
}

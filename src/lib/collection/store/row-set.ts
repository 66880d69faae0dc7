import { bitAt } from '#lib/base/bits.ts';
import type { Row } from '#lib/base/ids.ts';

/** A set of rows, kept as a bitmap: bit `row & 7` of byte `row >> 3`. Grows as needed. */
export class RowSet {
  #bits: Uint8Array;
  #changed = false;

  constructor(bits: Uint8Array = new Uint8Array(0)) {
    this.#bits = bits;
  }

  /** The bitmap itself, not a copy. */
  get bits(): Uint8Array {
    return this.#bits;
  }

  /** Whether any row was added or taken out since the set was made. */
  get changed(): boolean {
    return this.#changed;
  }

  /** How many rows are in the set. */
  get size(): number {
    let size = 0;
    for (let byte of this.#bits) for (; byte !== 0; byte &= byte - 1) size++;
    return size;
  }

  has(row: Row): boolean {
    return bitAt(this.#bits, row);
  }

  add(row: Row): void {
    if (this.has(row)) return;
    const byte = row >> 3;
    if (byte >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(byte + 1, 2 * this.#bits.length));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    this.#bits[byte]! |= 1 << (row & 7);
    this.#changed = true;
  }

  delete(row: Row): void {
    if (!this.has(row)) return;
    this.#bits[row >> 3]! &= ~(1 << (row & 7));
    this.#changed = true;
  }

  /** Has the rows of another set from now on. */
  replace(other: RowSet): void {
    this.#bits = other.#bits;
    this.#changed = true;
  }

  /** A new set of the rows that are in either. */
  union(other: RowSet): RowSet {
    const [short, long] = [this.#bits, other.#bits].sort((a, b) => a.length - b.length);
    const bits = long!.slice();
    short!.forEach((byte, i) => (bits[i]! |= byte));
    return new RowSet(bits);
  }
}

import type { Row } from '#lib/base/ids.ts';

/*
 * Sets of rows as bitmaps: bit `row & 7` of byte `row >> 3`. A bitmap may be shorter than the rows
 * asked of it: what lies beyond its end is not in the set. Asking is `bitAt` of base/bits.
 */

/** Puts `row` into the set, which must be long enough. */
export function addRow(bits: Uint8Array, row: Row): void {
  bits[row >> 3]! |= 1 << (row & 7);
}

/** Takes `row` out of the set. */
export function deleteRow(bits: Uint8Array, row: Row): void {
  bits[row >> 3]! &= ~(1 << (row & 7));
}

/** Set bits of each byte there is. */
const BITS_OF = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
});

/** How many rows are in the set. */
export function countRows(bits: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bits.length; i++) count += BITS_OF[bits[i]!]!;
  return count;
}

/** The rows of the set, rising. */
export function* rowsOf(bits: Uint8Array): Generator<Row> {
  for (let byte = 0; byte < bits.length; byte++) {
    if (bits[byte] === 0) continue;
    for (let bit = 0; bit < 8; bit++) if (bits[byte]! & (1 << bit)) yield byte * 8 + bit;
  }
}

/** The rows that are in both sets; as long as `a`. */
export function intersect(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length);
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) both[i] = a[i]! & b[i]!;
  return both;
}

/** The rows of `a` that are not in `b`; as long as `a`. */
export function without(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const rest = Uint8Array.from(a);
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) rest[i]! &= ~b[i]!;
  return rest;
}

/** `count` rows of the set, evenly spread over it; all of them when there are fewer. Rising. */
export function sampleRows(bits: Uint8Array, count: number): Uint32Array {
  const rows = Uint32Array.from(rowsOf(bits));
  const sampled = Math.min(count, rows.length);
  // From the middle of each stretch: the first and last rows of a file are often unlike the rest.
  return Uint32Array.from(
    { length: sampled },
    (_, n) => rows[Math.floor(((n + 0.5) * rows.length) / sampled)]!
  );
}

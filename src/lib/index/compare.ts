import { bitAt } from '#lib/base/bits.ts';
import { normalise } from '#lib/base/vector.ts';
import type { Costs } from './costs.ts';
import type { Scanner, Scored } from './scanner.ts';
import type { Precision } from './types.ts';
import type { Block, VectorTable } from './vector-table.ts';

/** Neighbours that a calibrating comparison keeps. */
const CALIBRATION_K = 10;
const CALIBRATIONS = 4;

/**
 * The `k` best rows of a bitmap for one question, by what `precision` says where a block has both:
 * one that is not encoded yet is compared as it is, one whose vectors are not in memory as codes.
 */
export function compareWithAll(
  table: VectorTable,
  scanner: Scanner,
  query: Float32Array,
  k: number,
  rows: Uint8Array,
  precision: Precision
): Scored & { compared: number } {
  scanner.begin(query, k, rows);
  for (const block of table.blocks) {
    if (!hasAny(block, rows)) continue;
    if (block.codes && (precision === 'int8' || !block.vectors)) scanner.scanCodes(block);
    else scanner.scanFloats(block.rows, block.vectors!);
  }
  return { ...scanner.found(), compared: scanner.compared };
}

/** Times a few comparisons with what is there, so that the first plan knows this machine. */
export function calibrate(table: VectorTable, scanner: Scanner, costs: Costs): void {
  const block = table.blocks.find(({ codes }) => codes);
  if (!block || block.rows.length === 0) return;
  const query = normalise(table.decode(block, 0));
  const everyRow = new Uint8Array((block.rows.reduce((a, b) => Math.max(a, b)) >> 3) + 1).fill(255);
  for (const precision of ['int8', 'float32'] as const) {
    if (precision === 'float32' && !block.vectors) continue;
    // The best of a few: the first ones meet code that is not compiled yet.
    let ms = Infinity;
    for (let n = 0; n < CALIBRATIONS; n++) {
      const from = performance.now();
      scanner.begin(query, CALIBRATION_K, everyRow);
      if (precision === 'int8') scanner.scanCodes(block);
      else scanner.scanFloats(block.rows, block.vectors!);
      ms = Math.min(ms, performance.now() - from);
    }
    const bytes = block.rows.length * table.dimensions * (precision === 'int8' ? 1 : 4);
    costs.observeScan(precision, bytes, ms);
  }
}

/** Whether any row of a block is in a bitmap. */
function hasAny({ rows }: Block, bits: Uint8Array): boolean {
  return rows.some((row) => bitAt(bits, row));
}

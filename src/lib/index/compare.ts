import { normalise } from '#lib/base/vector.ts';
import { countRows, rowsOf } from './bitmap.ts';
import type { Costs } from './costs.ts';
import type { Scanner, Scored } from './scanner.ts';
import type { Precision } from './types.ts';
import type { Block, VectorTable } from './vector-table.ts';

/** Of so few rows it is sooner found out in which blocks they are than asked of every block. */
const FEW_ROWS = 4096;
/** Neighbours that a calibrating comparison keeps. */
const CALIBRATION_K = 10;
/** It is repeated for so long, since browsers' clocks tick only every tenth of a millisecond. */
const CALIBRATION_MS = 3;

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
  for (const block of blocksWith(table, rows)) {
    if (block.codes && (precision === 'int8' || !block.vectors)) scanner.scanCodes(block);
    else scanner.scanFloats(block.rows, block.vectors!);
  }
  return { ...scanner.found(), compared: scanner.compared };
}

/**
 * Times a few comparisons with what is there, so that the first plan knows this machine. What it knows
 * already is left as it is: answers teach more than a block that the cache holds.
 */
export function calibrate(table: VectorTable, scanner: Scanner, costs: Costs): void {
  const encoded = table.blocks.filter(({ codes }) => codes);
  // Of a small block one would time the beginning of a scan.
  const [block] = encoded.sort((a, b) => b.rows.length - a.rows.length);
  if (!block || block.rows.length === 0) return;
  const query = normalise(table.decode(block, 0));
  const everyRow = new Uint8Array((block.rows.reduce((a, b) => Math.max(a, b)) >> 3) + 1).fill(255);
  for (const precision of ['int8', 'float32'] as const) {
    if (precision === 'float32' && !block.vectors) continue;
    const bytes = block.rows.length * table.dimensions * (precision === 'int8' ? 1 : 4);
    if (!costs.isVague(precision, bytes)) continue;
    const compare = () => {
      scanner.begin(query, CALIBRATION_K, everyRow);
      if (precision === 'int8') scanner.scanCodes(block);
      else scanner.scanFloats(block.rows, block.vectors!);
    };
    // The first one meets code that is not compiled yet.
    compare();
    const from = performance.now();
    let times = 0;
    let ms = 0;
    for (; ms < CALIBRATION_MS; ms = performance.now() - from) {
      compare();
      times++;
    }
    costs.calibrate(precision, bytes, ms / times);
  }
}

/** Blocks that may have a row of a bitmap. */
function blocksWith(table: VectorTable, rows: Uint8Array): Iterable<Block> {
  if (countRows(rows) > FEW_ROWS) return table.blocks;
  const blocks = new Set<Block>();
  for (const row of rowsOf(rows)) blocks.add(table.find(row)!.block);
  return blocks;
}

import { bitAt } from '#lib/base/bits.ts';
import { makeBreather } from '#lib/base/breathe.ts';
import { throwIfCancelled } from '#lib/base/errors.ts';
import { countRows, intersect } from './bitmap.ts';
import { candidatesFor } from './plan.ts';
import { rescore } from './rescore.ts';
import type { Scanner, Scored } from './scanner.ts';
import { clampSimilarity } from './similarity.ts';
import { NO_ROW, type BatchQuery, type ManyNeighbours } from './types.ts';
import type { Block, VectorTable } from './vector-table.ts';

/** Questions that go through the blocks together: their heaps stay in the processor's cache. */
const TOGETHER = 64;
/** Where blocks are read from the store, reading costs more than the cache saves. */
const TOGETHER_READING = 1024;
/** Multiplications without a pause: some ten milliseconds with SIMD. */
const STRETCH_PRODUCTS = 5e7;

/**
 * Answers many questions, in stretches that let a single search be heard in between. Throws
 * `CancelledError`, `IndexError` `no-vector` for a row without one or `out-of-memory`, and what
 * reading vectors throws.
 */
export async function searchMany(
  table: VectorTable,
  scanner: Scanner,
  { questions, k, precision, ...query }: BatchQuery,
  onProgress: (done: number, total: number) => void = () => {},
  signal?: AbortSignal
): Promise<ManyNeighbours> {
  const { dimensions } = table;
  const rows = questions instanceof Uint32Array ? questions : undefined;
  const count = rows ? rows.length : questions.length / dimensions;
  const blocks = [...table.blocks];
  const live = table.live.bits.slice();
  const allowed = query.allowed ? intersect(live, query.allowed) : live;
  const answers: ManyNeighbours = {
    k,
    rows: new Uint32Array(count * k).fill(NO_ROW),
    similarities: new Float32Array(count * k)
  };
  const wanted = k + (rows ? 1 : 0);
  const keep = Math.min(candidatesFor(wanted, precision), countRows(allowed));
  const together = precision === 'float32' && !table.resident ? TOGETHER_READING : TOGETHER;
  const breathe = makeBreather();
  const pause = async () => {
    await breathe();
    throwIfCancelled(signal);
  };
  for (let from = 0; from < count; from += together) {
    throwIfCancelled(signal);
    const group = rows
      ? await table.read(rows.subarray(from, from + together))
      : (questions as Float32Array).subarray(from * dimensions, (from + together) * dimensions);
    const size = group.length / dimensions;
    scanner.begin(group, keep, allowed);
    for (const [n, block] of blocks.entries()) {
      if (precision === 'int8' && block.codes) scanner.scanCodes(block);
      else await scanVectors(table, scanner, block, allowed, size, pause);
      onProgress(from + (size * (n + 1)) / blocks.length, count);
      await pause();
    }
    for (let n = 0; n < size; n++) {
      const question = group.subarray(n * dimensions, (n + 1) * dimensions);
      const found = scanner.found(n);
      const best = table.resident
        ? rescore(question, wanted, found.rows, await table.locate(found.rows))
        : found;
      write(answers, from + n, best, rows?.[from + n]);
      await pause();
    }
  }
  return answers;
}

/** Compares with the vectors of a block, a few rows at a time; of those on the disk what is allowed is read. */
async function scanVectors(
  table: VectorTable,
  scanner: Scanner,
  block: Block,
  allowed: Uint8Array,
  questions: number,
  pause: () => Promise<void>
): Promise<void> {
  const { dimensions } = table;
  const rows = block.vectors ? block.rows : block.rows.filter((row) => bitAt(allowed, row));
  if (rows.length === 0) return;
  const vectors = block.vectors ?? (await table.read(rows));
  const step = Math.max(1, Math.floor(STRETCH_PRODUCTS / (questions * dimensions)));
  for (let from = 0; from < rows.length; from += step) {
    const until = Math.min(rows.length, from + step);
    scanner.scanFloats(
      rows.subarray(from, until),
      vectors.subarray(from * dimensions, until * dimensions)
    );
    await pause();
  }
}

function write(
  { k, rows, similarities }: ManyNeighbours,
  n: number,
  best: Scored,
  without: number | undefined
): void {
  let at = n * k;
  for (let i = 0; i < best.rows.length && at < (n + 1) * k; i++) {
    if (best.rows[i] === without) continue;
    rows[at] = best.rows[i]!;
    similarities[at++] = clampSimilarity(best.similarities[i]!);
  }
}

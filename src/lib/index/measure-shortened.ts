import { makeBreather } from '#lib/base/breathe.ts';
import { throwIfCancelled } from '#lib/base/errors.ts';
import { shorten } from '#lib/base/vector.ts';
import { sampleRows } from './bitmap.ts';
import { Engine } from './engine.ts';
import type { Kernel } from './kernel/kernel.ts';
import { K } from './questions.ts';
import { percentile, recallOf } from './recall.ts';
import { similarityAt } from './similarity.ts';
import { NO_ROW, type ManyNeighbours, type ShortenedWay } from './types.ts';
import type { VectorTable } from './vector-table.ts';

const QUESTIONS = 50;
/** Items it is tried on: an engine of its own is filled with them at each length. */
const MAX_ROWS = 10_000;

/**
 * What search would find, and how fast, with vectors cut to each of `lengths`: the share of the ten
 * nearest at full dimensions that stays among the ten nearest. Tried on an even sample of the
 * collection. `makeKernel` is called once for each length. Throws `CancelledError`.
 */
export async function measureShortened(
  table: VectorTable,
  lengths: number[],
  makeKernel: () => Promise<Kernel>,
  signal?: AbortSignal
): Promise<ShortenedWay[]> {
  const rows = sampleRows(table.live.bits, Math.min(MAX_ROWS, table.live.count));
  const vectors = await table.read(rows);
  const ways: ShortenedWay[] = [];
  let truth: ManyNeighbours | undefined;
  for (const dimensions of lengths) {
    const cut = await cutAll(vectors, table.dimensions, dimensions);
    const engine = Engine.open(dimensions, { kernel: await makeKernel() });
    engine.add({ rows: rows.map((_, n) => n), vectors: cut });
    await engine.encode();
    throwIfCancelled(signal);
    const asking = sampleRows(engine.table.live.bits, Math.min(QUESTIONS, rows.length >> 1));
    const asked = { questions: asking, k: K, precision: 'float32' } as const;
    const found = await engine.searchMany(asked, undefined, signal);
    truth ??= found;
    const times: number[] = [];
    for (const row of asking) {
      const vector = cut.subarray(row * dimensions, (row + 1) * dimensions);
      const from = performance.now();
      await engine.search({ vector, k: K, method: 'exact', precision: 'int8' });
      times.push(performance.now() - from);
    }
    const lists = Array.from(asking, (row, n) => {
      const near = [...found.rows.subarray(n * K, (n + 1) * K)].filter((other) => other !== NO_ROW);
      const question = vectors.subarray(row * table.dimensions, (row + 1) * table.dimensions);
      const similarities = near.map((other) =>
        similarityAt(vectors, other * table.dimensions, question)
      );
      return { rows: near, similarities };
    });
    ways.push({
      dimensions,
      rows: rows.length,
      recall: recallOf(lists, truth),
      p50Ms: percentile(times, 0.5)
    });
  }
  return ways;
}

async function cutAll(vectors: Float32Array, from: number, to: number): Promise<Float32Array> {
  const breathe = makeBreather();
  const cut = new Float32Array((vectors.length / from) * to);
  for (let start = 0, n = 0; start < vectors.length; start += from, n++) {
    cut.set(shorten(vectors.subarray(start, start + from), to), n * to);
    await breathe();
  }
  return cut;
}

import { makeBreather } from '#lib/base/breathe.ts';
import { throwIfCancelled } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { normalise } from '#lib/base/vector.ts';
import { similarityAt } from './similarity.ts';
import type { VectorTable } from './vector-table.ts';

/** Rows whose vectors are looked up or read together. */
const TOGETHER = 512;

/**
 * Cosine similarities of every row with every question: `rows.length × count`, row-major. `questions`
 * is `count × dimensions`, L2-normalised. Single searches are answered in between. Throws
 * `CancelledError`, `IndexError` `no-vector`, and what reading vectors throws.
 */
export async function compareEach(
  table: VectorTable,
  questions: Float32Array,
  rows: Uint32Array,
  onProgress: (done: number, total: number) => void = () => {},
  signal?: AbortSignal
): Promise<Float32Array<ArrayBuffer>> {
  const { dimensions } = table;
  const split = Array.from({ length: questions.length / dimensions }, (_, n) =>
    questions.subarray(n * dimensions, (n + 1) * dimensions)
  );
  const similarities = new Float32Array(rows.length * split.length);
  const tell = (done: number) => onProgress(done, rows.length);
  await walk(table, rows, tell, signal, (vectors, offset, place) => {
    const first = place * split.length;
    for (let n = 0; n < split.length; n++) {
      similarities[first + n] = similarityAt(vectors, offset, split[n]!);
    }
  });
  return similarities;
}

/**
 * The mean vector of each group of rows, L2-normalised: `groups.length × dimensions`, zeros for an
 * empty group. Throws as {@link compareEach}.
 */
export async function groupMeans(
  table: VectorTable,
  groups: ArrayLike<Row>[],
  signal?: AbortSignal
): Promise<Float32Array<ArrayBuffer>> {
  const { dimensions } = table;
  const means = new Float32Array(groups.length * dimensions);
  for (const [group, rows] of groups.entries()) {
    const mean = means.subarray(group * dimensions, (group + 1) * dimensions);
    await walk(
      table,
      rows,
      () => {},
      signal,
      (vectors, offset) => {
        for (let d = 0; d < dimensions; d++) mean[d]! += vectors[offset + d]!;
      }
    );
    normalise(mean);
  }
  return means;
}

/** Visits the vectors of rows in their order, in stretches that let the thread hear its messages. */
async function walk(
  table: VectorTable,
  rows: ArrayLike<Row>,
  onDone: (done: number) => void,
  signal: AbortSignal | undefined,
  visit: (vectors: Float32Array, offset: number, place: number) => void
): Promise<void> {
  const breathe = makeBreather();
  for (let from = 0; from < rows.length; from += TOGETHER) {
    throwIfCancelled(signal);
    const part = Array.prototype.slice.call(rows, from, from + TOGETHER) as Row[];
    for (const [n, { vectors, offset }] of (await table.locate(part)).entries()) {
      visit(vectors, offset, from + n);
      const pause = breathe();
      if (pause) await pause;
    }
    onDone(from + part.length);
  }
}

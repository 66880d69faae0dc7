import { throwIfCancelled } from '#lib/base/errors.ts';
import { countRows, sampleRows } from './bitmap.ts';
import type { Engine } from './engine.ts';
import { NO_ROW, type ManyNeighbours, type Precision } from './types.ts';

/** Neighbours a question has: recall@10. */
export const K = 10;
/** Questions that say something. */
const ENOUGH_QUESTIONS = 20;

/** Rows that ask with their own vectors, and their true neighbours, themselves left out. */
export interface Questions {
  rows: Uint32Array;
  /** `rows.length × dimensions`. */
  vectors: Float32Array;
  truth: ManyNeighbours;
}

/**
 * Chooses rows to ask with, and finds their true neighbours. Rows that the graph lacks ask where there
 * are enough: what is in a graph is found more easily, by its own links.
 */
export async function chooseQuestions(
  engine: Engine,
  most: number,
  precision: Precision,
  onProgress: (share: number) => void,
  signal?: AbortSignal
): Promise<Questions> {
  const unknown = engine.unknownToGraph();
  const count = Math.min(most, Math.floor(engine.rows / 2));
  const enough = countRows(unknown) >= ENOUGH_QUESTIONS;
  const rows = sampleRows(enough ? unknown : engine.table.live.bits, count);
  const vectors = await engine.table.read(rows);
  const truth =
    precision === 'float32' || engine.table.resident
      ? await engine.searchMany(
          { questions: rows, k: K, precision },
          (done, total) => onProgress(done / total),
          signal
        )
      : await askEach(engine, rows, vectors, onProgress, signal);
  return { rows, vectors, truth };
}

/** Neighbours by the codes, re-scored from vectors that are read for each question. */
async function askEach(
  engine: Engine,
  rows: Uint32Array,
  vectors: Float32Array,
  onProgress: (share: number) => void,
  signal?: AbortSignal
): Promise<ManyNeighbours> {
  const size = rows.length * K;
  const truth = { k: K, rows: new Uint32Array(size), similarities: new Float32Array(size) };
  truth.rows.fill(NO_ROW);
  for (const [n, row] of rows.entries()) {
    const vector = vectors.subarray(n * engine.dimensions, (n + 1) * engine.dimensions);
    const answer = await engine.search({ vector, k: K + 1, method: 'exact', precision: 'int8' });
    const others = [...answer.rows.keys()].filter((i) => answer.rows[i] !== row).slice(0, K);
    others.forEach((i, at) => {
      truth.rows[n * K + at] = answer.rows[i]!;
      truth.similarities[n * K + at] = answer.similarities[i]!;
    });
    onProgress((n + 1) / rows.length);
    throwIfCancelled(signal);
  }
  return truth;
}

/** The vector of question `n`. */
export function questionAt({ rows, vectors }: Questions, n: number): Float32Array {
  const dimensions = vectors.length / rows.length;
  return vectors.subarray(n * dimensions, (n + 1) * dimensions);
}

import { bitAt } from '#lib/base/bits.ts';
import { makeBreather } from '#lib/base/breathe.ts';
import { IndexError, throwIfCancelled } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import type { Engine, Found } from './engine.ts';
import { chooseQuestions, K, questionAt, type Questions } from './questions.ts';
import { percentile, recallOf, shareAmong, type FoundRows } from './recall.ts';
import { AIM, isAlike, isBetter } from './tuning.ts';
import {
  type GraphStatus,
  type GraphTuning,
  type MeasuredWay,
  type Measurement,
  type NeighbourQuery,
  type Precision
} from './types.ts';

/** What the graph's search is tried with; each step costs about twice the one before. */
const EF_SEARCH = [16, 32, 64, 128, 256, 512];
/** Candidates re-scored for each neighbour: the fewest that lose nothing are taken. */
const OVERSAMPLING = [1, 2, 4, 8, 16, 32];

/** How thoroughly to measure. */
export interface MeasureOptions {
  /** Vectors of the collection to ask with; fewer when it has fewer. */
  queries: number;
  /**
   * What the answers are held against: every float32 vector, or, much sooner where those are not in
   * memory, the codes.
   */
  truth: Precision;
  onProgress?: (share: number) => void;
  signal?: AbortSignal;
}

/**
 * Recall@10 and time of every way to search this collection, on its own vectors: some of them ask,
 * each leaving itself out of its answer. Finds the fastest way to ask the graph at which it has some more
 * recall than Automatic wants, else as much, else the one with the most. Throws `CancelledError`, and `IndexError`
 * `graph-changed` when the graph was built otherwise meanwhile.
 */
export async function measure(
  engine: Engine,
  { queries, truth, onProgress = () => {}, signal }: MeasureOptions
): Promise<Omit<Measurement, 'shortened'>> {
  // Questions are chosen among the rows that this graph lacks: one that is ready only afterwards may
  // hold them, and is not measured.
  const status = engine.graph.status();
  const graph = status.state === 'ready' ? (status.graph ?? null) : null;
  const questions = await chooseQuestions(
    engine,
    queries,
    truth,
    (share) => onProgress(share / 2),
    signal
  );
  const ways: MeasuredWay[] = [];
  const efs = graph ? EF_SEARCH.filter((_, i) => i === 0 || EF_SEARCH[i - 1]! < engine.rows) : [];
  const total = efs.length + 3;
  const tell = (way: MeasuredWay) => {
    ways.push(way);
    onProgress(Math.min(1, 0.5 + ways.length / (2 * total)));
  };
  const add = async (way: Trial) => {
    const measured = await tryWay(engine, questions, way, signal);
    if (measured) tell(measured);
  };

  if (engine.table.resident) await add({ query: { method: 'exact', precision: 'float32' } });
  // Held against itself, it would look perfect.
  if (truth === 'float32') await add({ query: { method: 'exact', precision: 'int8' } });
  let tuning: GraphTuning | null = null;
  let best: MeasuredWay | undefined;
  for (const efSearch of efs) {
    const oversampling = await findOversampling(engine, questions, efSearch, signal);
    if (oversampling === undefined) break;
    const tried = { efSearch, oversampling, recall: 1 };
    const way = await tryWay(
      engine,
      questions,
      { query: { method: 'hnsw' }, tuning: tried },
      signal
    );
    // The graph was not ready for all of it: what answered says nothing about the graph.
    if (!way) break;
    tell(way);
    if (best && !isBetter(way, best)) continue;
    best = way;
    tuning = { efSearch, oversampling, recall: way.recall, p50Ms: way.p50Ms };
  }
  if (graph && !isSameGraph(status, engine.graph.status())) throw graphChanged();
  await add({ query: { method: 'automatic' }, tuning });
  return {
    at: Date.now(),
    generation: engine.generation,
    rows: engine.rows,
    queries: questions.rows.length,
    heldOut: graph !== null && areUnknown(engine, questions.rows),
    truth,
    ways,
    graph: tuning && graph,
    tuning
  };
}

/** Whether the graph has none of these rows: while it catches up, some may have come in. */
function areUnknown(engine: Engine, rows: Uint32Array): boolean {
  const unknown = engine.unknownToGraph();
  return rows.every((row) => bitAt(unknown, row));
}

/** Whether two statuses are of graphs that were made alike, of the same rows. */
function isSameGraph(a: GraphStatus, b: GraphStatus): boolean {
  return b.state === 'ready' && a.generation === b.generation && isAlike(a.graph, b.graph);
}

/** One way to search, asked for explicitly. */
interface Trial {
  query: Pick<NeighbourQuery, 'method' | 'precision'>;
  tuning?: GraphTuning | null;
}

/** Asks all questions one way; undefined when the graph was to answer and did not answer them all. */
async function tryWay(
  engine: Engine,
  questions: Questions,
  { query, tuning = null }: Trial,
  signal?: AbortSignal
): Promise<MeasuredWay | undefined> {
  const times: number[] = [];
  const found: FoundRows[] = [];
  let method: MeasuredWay['method'] = 'exact';
  let precision: Precision = 'int8';
  const breathe = makeBreather();
  for (const [n, row] of questions.rows.entries()) {
    const vector = questionAt(questions, n);
    const from = performance.now();
    const answer = await engine.search({ ...query, vector, k: K + 1 }, undefined, tuning);
    times.push(performance.now() - from);
    found.push(withoutRow(answer, row));
    ({ method, precision } = answer.plan);
    if (query.method === 'hnsw' && method !== 'hnsw') return undefined;
    await breathe();
    throwIfCancelled(signal);
  }
  const graph = method === 'hnsw';
  return {
    asked: query.method,
    method,
    precision,
    efSearch: graph ? tuning!.efSearch : null,
    oversampling: graph ? tuning!.oversampling : null,
    recall: recallOf(found, questions.truth),
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95)
  };
}

/**
 * The fewest candidates for each neighbour that keep all the graph's search finds at `efSearch`;
 * undefined when the graph does not answer.
 */
async function findOversampling(
  engine: Engine,
  questions: Questions,
  efSearch: number,
  signal?: AbortSignal
): Promise<number | undefined> {
  const found: Row[][] = [];
  for (const [n, row] of questions.rows.entries()) {
    const vector = questionAt(questions, n);
    const near = await engine.graph.search(vector, efSearch, efSearch);
    if (!near) return undefined;
    found.push(Array.from(near.rows).filter((other) => other !== row));
    throwIfCancelled(signal);
  }
  const all = shareAmong(found, questions.truth);
  const enough = OVERSAMPLING.find((times) => {
    const first = found.map((rows) => rows.slice(0, times * (K + 1) - 1));
    return shareAmong(first, questions.truth) >= Math.min(all, AIM);
  });
  return enough ?? Math.ceil(efSearch / K);
}

/** An answer's {@link K} best rows without the one that asked. */
function withoutRow({ rows, similarities }: Found, asking: Row): FoundRows {
  const places = [...rows.keys()].filter((i) => rows[i] !== asking).slice(0, K);
  return {
    rows: places.map((i) => rows[i]!),
    similarities: places.map((i) => similarities[i]!)
  };
}

function graphChanged(): IndexError {
  return new IndexError(
    'graph-changed',
    'The graph was built anew in the meantime, so nothing was measured.',
    'Measure again when the graph is ready.'
  );
}

import { makeBreather } from '#lib/base/breathe.ts';
import { throwIfCancelled } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { sampleRows } from './bitmap.ts';
import type { Engine } from './engine.ts';
import { percentile, recallOf, type Questions } from './recall.ts';
import { TARGET_RECALL } from './plan.ts';
import type { GraphTuning, Measurement, MeasuredWay, NeighbourQuery, Precision } from './types.ts';

/** Neighbours a question has: recall@10. */
const K = 10;
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
 * each leaving itself out of its answer. Finds the cheapest way to ask the graph at which it has the
 * recall that Automatic wants, or else the one with the most. Throws `CancelledError`.
 */
export async function measure(
  engine: Engine,
  { queries, truth, onProgress = () => {}, signal }: MeasureOptions
): Promise<Omit<Measurement, 'shortened'>> {
  const questions = await ask(engine, queries, truth, (share) => onProgress(share / 2), signal);
  const ways: MeasuredWay[] = [];
  const status = engine.graph.status();
  const graph = status.state === 'ready' ? (status.graph ?? null) : null;
  const efs = graph ? EF_SEARCH.filter((_, i) => i === 0 || EF_SEARCH[i - 1]! < engine.rows) : [];
  const total = efs.length + 3;
  const add = async (way: Trial) => {
    const measured = await tryWay(engine, questions, way, signal);
    ways.push(measured);
    onProgress(0.5 + ways.length / (2 * total));
    return measured;
  };

  if (engine.table.resident) await add({ query: { method: 'exact', precision: 'float32' } });
  await add({ query: { method: 'exact', precision: 'int8' } });
  let tuning: GraphTuning | null = null;
  let fastest = Infinity;
  for (const efSearch of efs) {
    const oversampling = await findOversampling(engine, questions, efSearch, signal);
    if (oversampling === undefined) break;
    const tried = { efSearch, oversampling, recall: 1 };
    const { recall, p50Ms } = await add({ query: { method: 'hnsw' }, tuning: tried });
    const good = recall >= TARGET_RECALL;
    const better = tuning === null || (good ? p50Ms < fastest : recall > tuning.recall);
    if (!better || (tuning && tuning.recall >= TARGET_RECALL && !good)) continue;
    tuning = { efSearch, oversampling, recall };
    fastest = good ? p50Ms : Infinity;
  }
  await add({ query: { method: 'automatic' }, tuning });
  return {
    at: Date.now(),
    generation: status.generation ?? 0,
    rows: engine.rows,
    queries: questions.rows.length,
    ways,
    graph: tuning && graph,
    tuning
  };
}

/** One way to search, asked for explicitly. */
interface Trial {
  query: Pick<NeighbourQuery, 'method' | 'precision'>;
  tuning?: GraphTuning | null;
}

/** Chooses rows to ask with, and finds their true neighbours. */
async function ask(
  engine: Engine,
  most: number,
  precision: Precision,
  onProgress: (share: number) => void,
  signal?: AbortSignal
): Promise<Questions> {
  const rows = sampleRows(engine.table.live.bits, Math.min(most, Math.floor(engine.rows / 2)));
  const vectors = await engine.table.read(rows);
  const truth = await engine.searchMany(
    { questions: rows, k: K, precision },
    (done, total) => onProgress(done / total),
    signal
  );
  return { rows, vectors, truth };
}

async function tryWay(
  engine: Engine,
  questions: Questions,
  { query, tuning = null }: Trial,
  signal?: AbortSignal
): Promise<MeasuredWay> {
  const times: number[] = [];
  const found: Row[][] = [];
  let method: MeasuredWay['method'] = 'exact';
  let precision: Precision = 'int8';
  const breathe = makeBreather();
  for (const [n, row] of questions.rows.entries()) {
    const vector = questionAt(questions, engine.dimensions, n);
    const from = performance.now();
    const answer = await engine.search({ ...query, vector, k: K + 1 }, undefined, tuning);
    times.push(performance.now() - from);
    found.push([...answer.rows].filter((other) => other !== row).slice(0, K));
    ({ method, precision } = answer.plan);
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
    const vector = questionAt(questions, engine.dimensions, n);
    const near = await engine.graph.search(vector, efSearch, efSearch);
    if (!near) return undefined;
    found.push(Array.from(near).filter((other) => other !== row));
    throwIfCancelled(signal);
  }
  const all = recallOf(found, questions.truth);
  const enough = OVERSAMPLING.find((times) => {
    const first = found.map((rows) => rows.slice(0, times * (K + 1) - 1));
    return recallOf(first, questions.truth) >= Math.min(all, TARGET_RECALL);
  });
  return enough ?? Math.ceil(efSearch / K);
}

function questionAt({ vectors }: Questions, dimensions: number, n: number): Float32Array {
  return vectors.subarray(n * dimensions, (n + 1) * dimensions);
}

import { onTestFinished } from 'vitest';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import { connect, lasting } from '#lib/base/remote.ts';
import { spaceKey, type Space } from '#lib/base/space.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { saveGraph } from '#lib/collection/store/graphs.ts';
import { commitSegment } from '#lib/collection/store/segments.ts';
import { isHeldOut } from '#lib/index/held-out.ts';
import type { GraphStatus, SavedGraph } from '#lib/index/types.ts';
import { DEFAULT_INDEX_SETTINGS } from '#lib/index/tuning.ts';
import { GraphLink } from '#lib/workers/graph-link.ts';
import { HnswApi, type HnswOptions } from '#lib/workers/hnsw-api.ts';
import { ShardSet } from '#lib/workers/shards.ts';
import { bruteForce, vectorAt } from '../../support/vectors.ts';
import { batch, collectionOf } from '../store/support.ts';

/** Enough rows for more than one graph, in segments of a size that the run writes. */
export const MANY = 5200;
const SEGMENT = 1300;
/** The first `count` rows without those that no graph holds. */
export const takenRows = (count: number): Row[] =>
  Array.from({ length: count }, (_, row) => row).filter((row) => !isHeldOut(row));
/** Of {@link MANY} rows those that a graph holds. */
export const MOST = takenRows(MANY).length;
const { M, efConstruction } = DEFAULT_INDEX_SETTINGS.choice;
export const PARAMETERS = { M, efConstruction };

/** A space of made-up vectors, with a model that is not known to be shortenable. */
export const spaceOf = (dimensions: number, model = 'm'): Space => ({
  provider: 'test',
  model,
  dimensions,
  revision: 1
});

/** A collection of items for all of `vectors`, none embedded. */
export function stageRows(db: Database, vectors: Float32Array, space: Space) {
  const ids = Array.from({ length: vectors.length / space.dimensions }, (_, n) => `item ${n}`);
  return collectionOf(db, ids, { space });
}

/** Gives rows `from` … `to - 1` their vectors. */
export async function embedRows(
  db: Database,
  id: CollectionId,
  vectors: Float32Array,
  space: Space,
  [from, to]: [Row, Row] = [0, vectors.length / space.dimensions],
  replaces: Row[] = []
): Promise<void> {
  for (let first = from; first < to; first += SEGMENT) {
    const end = Math.min(to, first + SEGMENT);
    const rows = Array.from({ length: end - first }, (_, i) => first + i);
    const part = vectors.slice(first * space.dimensions, end * space.dimensions);
    await commitSegment(db, { ...batch(id, rows, space), vectors: part, replaces });
    replaces = [];
  }
}

/** A worker of the kind the graph worker starts. */
export function startShard(): Worker {
  return new Worker(new URL('../../../src/lib/workers/shard.worker.ts', import.meta.url), {
    type: 'module'
  });
}

/** The graph of a collection as its worker makes it, in this thread, its shards in workers. */
export async function openGraph(
  db: Database,
  id: CollectionId,
  options: HnswOptions = {},
  start = startShard
) {
  const workers: Worker[] = [];
  const startWorker = () => {
    const worker = start();
    workers.push(worker);
    return worker;
  };
  const api = new HnswApi(() => Promise.resolve(db), {
    startWorker,
    cores: 2,
    idleMs: 0,
    ...options
  });
  const { port1, port2 } = new MessageChannel();
  const other = new MessageChannel();
  api.connectPort(port1);
  api.connectPort(other.port1);
  const graph = connect<HnswApi>(port2).api;
  const link = new GraphLink(other.port2);
  const statuses: GraphStatus[] = [];
  await graph.open(
    id,
    lasting((status: GraphStatus) => statuses.push(status))
  );
  const end = () => workers.forEach((worker) => worker.terminate());
  onTestFinished(end);
  return { graph, link, statuses, workers, end };
}

/** Keeps a graph of `vectors` in two parts, however few they are. */
export async function saveInTwo(
  db: Database,
  id: CollectionId,
  vectors: Float32Array,
  space: Space
): Promise<SavedGraph> {
  const { dimensions } = space;
  const count = vectors.length / dimensions;
  const shards = new ShardSet(2, {}, () => {});
  const made = { dimensions, ...PARAMETERS };
  await shards.create(made, count);
  for (const n of [0, 1]) {
    const rows = Uint32Array.from({ length: count / 2 }, (_, i) => 2 * i + n);
    const part = Float32Array.from([...rows].flatMap((r) => [...vectorAt(vectors, r, dimensions)]));
    await shards.feed(n, rows, part, () => {});
  }
  await shards.drain();
  const parts = await shards.save();
  shards.end();
  const saved = {
    collection: id,
    shards: parts.map(({ blob }) => blob),
    stamp: {
      ...made,
      generation: 0,
      count,
      space: spaceKey(space),
      buildMs: 5,
      digests: parts.map(({ digest }) => digest)
    }
  };
  await saveGraph(db, saved);
  return saved;
}

/**
 * Share of the true ten nearest that a graph may hold, of 50 rows' vectors, among the `candidates` that
 * it gives for them, which is what re-scoring leaves of the answer.
 */
export async function recallOf(
  { link }: { link: GraphLink },
  vectors: Float32Array,
  dimensions: number,
  { candidates = 10, live = () => true }: { candidates?: number; live?: (row: Row) => boolean } = {}
): Promise<number> {
  const count = vectors.length / dimensions;
  let hits = 0;
  for (let q = 0; q < 50; q++) {
    const query = vectorAt(vectors, Math.floor((q * count) / 50), dimensions);
    const truth = bruteForce(vectors, query, 10, (row) => live(row) && !isHeldOut(row));
    const found = new Set((await link.search(query, candidates, 100))!.rows);
    hits += truth.filter((row) => found.has(row)).length;
  }
  return hits / 500;
}

/** The rows of a bitmap. */
export function rowsIn(bits: Uint8Array | undefined): Row[] {
  return [...(bits ?? [])].flatMap((byte, i) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => byte & (1 << bit)).map((bit) => 8 * i + bit)
  );
}

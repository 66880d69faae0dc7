import { expect, onTestFinished, test } from 'vitest';
import type { CollectionId } from '#lib/base/ids.ts';
import { lasting, transfer } from '#lib/base/remote.ts';
import { deleteCollection } from '#lib/collection/store/collections.ts';
import { openDatabase, type Database } from '#lib/collection/store/database.ts';
import { killRows, reviveRows } from '#lib/collection/store/dead.ts';
import { loadGraph, saveGraph } from '#lib/collection/store/graphs.ts';
import { commitSegment } from '#lib/collection/store/segments.ts';
import type { GraphStatus, Method, Plan } from '#lib/index/types.ts';
import { makeEngine, makeGraph } from '#lib/workers/clients.ts';
import { bruteForce, clusteredVectors, vectorAt } from '../../support/vectors.ts';
import { batch, collectionOf } from '../store/support.ts';

const SPACE = { provider: 'test', model: 'm', dimensions: 32, revision: 1 };
const COUNT = 400;
const vectors = clusteredVectors(COUNT, SPACE.dimensions);
const query = (n: number) => vectorAt(vectors, n, SPACE.dimensions);

/** The page's database: workers know no other. */
async function pageDatabase(): Promise<Database> {
  const db = await openDatabase();
  onTestFinished(() => db.close());
  return db;
}

async function commitRows(
  db: Database,
  id: CollectionId,
  from: number,
  to: number,
  replaces: number[] = []
) {
  const rows = Array.from({ length: to - from }, (_, i) => from + i);
  const part = vectors.slice(from * SPACE.dimensions, to * SPACE.dimensions);
  await commitSegment(db, { ...batch(id, rows, SPACE), vectors: part, replaces });
}

/** A collection of `COUNT` items, the first `embedded` of which have their vectors. */
async function makeCollection(db: Database, embedded: number): Promise<CollectionId> {
  const ids = Array.from({ length: COUNT }, (_, n) => `item ${n}`);
  const id = await collectionOf(db, ids, { space: SPACE });
  onTestFinished(() => deleteCollection(db, id));
  for (let from = 0; from < embedded; from += 100) await commitRows(db, id, from, from + 100);
  return id;
}

/** Both workers, joined as the page joins them; ended with the test or by `end`. */
async function openWorkers(id: CollectionId) {
  const engine = makeEngine();
  const graph = makeGraph();
  const end = () => [engine, graph].forEach((worker) => worker.end());
  onTestFinished(end);
  const { port1, port2 } = new MessageChannel();
  const statuses: GraphStatus[] = [];
  await graph.api.connectPort(transfer(port1, [port1]));
  const opened = await engine.api.open(id, transfer(port2, [port2]));
  await graph.api.open(
    id,
    lasting((status: GraphStatus) => statuses.push(status))
  );
  return { engine: engine.api, graph: graph.api, opened, statuses, end };
}

/** Answers of ten queries by a method: rows, and the plans they were found by. */
async function ask({ engine }: Awaited<ReturnType<typeof openWorkers>>, method: Method) {
  const plans: Plan[] = [];
  const rows: number[][] = [];
  for (let n = 0; n < 10; n++) {
    const found = await engine.search({ vector: query(n), k: 10, method });
    rows.push([...found.rows]);
    plans.push(found.plan);
  }
  return { rows, methods: [...new Set(plans.map((plan) => plan.method))] };
}

const truth = (live: (row: number) => boolean) =>
  Array.from({ length: 10 }, (_, n) => bruteForce(vectors, query(n), 10, live));

test('exact search finds what brute force finds, with a fingerprint for each row', async () => {
  const db = await pageDatabase();
  const workers = await openWorkers(await makeCollection(db, COUNT));
  expect(workers.opened).toMatchObject({ rows: COUNT, dimensions: 32, bytes: COUNT * 32 * 4 });
  expect((await ask(workers, 'exact')).rows).toEqual(truth(() => true));
  const found = await workers.engine.search({ vector: query(5), k: 3, method: 'exact' });
  expect(found.fingerprints).toHaveLength(3 * 48);
  expect(Math.max(...found.fingerprints)).toBeLessThanOrEqual(127);
  expect(await workers.engine.vectors([5])).toEqual(query(5).slice());
});

test('a graph is built and kept; opened again it is loaded and answers the same', async () => {
  const db = await pageDatabase();
  const id = await makeCollection(db, COUNT);
  const first = await openWorkers(id);
  expect(await first.graph.settled()).toMatchObject({
    state: 'ready',
    rows: COUNT,
    origin: 'built'
  });
  const before = await ask(first, 'hnsw');
  expect(before.methods).toEqual(['hnsw']);
  expect((await loadGraph(db, id))?.stamp).toMatchObject({ count: COUNT, dimensions: 32, M: 16 });
  first.end();

  const second = await openWorkers(id);
  expect(await second.graph.settled()).toMatchObject({
    state: 'ready',
    rows: COUNT,
    origin: 'loaded'
  });
  expect(second.statuses.map(({ state }) => state)).not.toContain('building');
  expect(await ask(second, 'hnsw')).toEqual(before);
});

test('rows that came, died or came back since are caught up with, also by a loaded graph', async () => {
  const db = await pageDatabase();
  const id = await makeCollection(db, 200);
  const first = await openWorkers(id);
  await first.graph.settled();

  await commitRows(db, id, 200, 300, [7]);
  await killRows(db, id, [8, 9]);
  expect(await first.engine.refresh()).toMatchObject({ rows: 297 });
  const behind = await first.engine.search({ vector: query(0), k: 1, method: 'hnsw' });
  expect(behind.plan).toMatchObject({ method: 'exact', rows: 297 });
  await first.graph.refresh();
  expect(await first.graph.settled()).toMatchObject({ state: 'ready', rows: 297, total: 297 });
  const dead = new Set([7, 8, 9]);
  const live = (row: number) => row < 300 && !dead.has(row);
  expect(await ask(first, 'hnsw')).toEqual({ rows: truth(live), methods: ['hnsw'] });
  first.end();

  await commitRows(db, id, 300, 400);
  await reviveRows(db, id, [8]);
  const second = await openWorkers(id);
  expect(await second.graph.settled()).toMatchObject({
    state: 'ready',
    rows: 398,
    origin: 'loaded'
  });
  dead.delete(8);
  const now = truth((row) => !dead.has(row));
  expect(await ask(second, 'hnsw')).toEqual({ rows: now, methods: ['hnsw'] });
  expect((await ask(second, 'exact')).rows).toEqual(now);
});

test('a damaged graph is built again and says so, and answers are right all the while', async () => {
  const db = await pageDatabase();
  const id = await makeCollection(db, COUNT);
  const first = await openWorkers(id);
  await first.graph.settled();
  first.end();

  const saved = (await loadGraph(db, id))!;
  const bytes = new Uint8Array(await saved.bytes.arrayBuffer());
  // The lowest bit of a vector's value: only the digest can tell.
  bytes[56 + 132]! ^= 1;
  await saveGraph(db, { ...saved, bytes: new Blob([bytes]) });
  const second = await openWorkers(id);
  expect((await ask(second, 'automatic')).rows).toEqual(truth(() => true));
  expect(await second.graph.settled()).toMatchObject({
    state: 'ready',
    origin: 'built',
    reason: 'The saved graph is damaged, so it is built again.'
  });
  expect((await loadGraph(db, id))!.stamp.digest).toBe(saved.stamp.digest);
});

test('a graph of another generation is not used', async () => {
  const db = await pageDatabase();
  const id = await makeCollection(db, 100);
  const first = await openWorkers(id);
  await first.graph.settled();
  first.end();
  const saved = (await loadGraph(db, id))!;
  await saveGraph(db, { ...saved, stamp: { ...saved.stamp, generation: 5 } });
  const second = await openWorkers(id);
  expect(await second.graph.settled()).toMatchObject({
    origin: 'built',
    reason: 'The saved graph was made from rows that have been renumbered, so it is built again.'
  });
});

test('without a graph worker, or with one that died, the answer is exact', async () => {
  const db = await pageDatabase();
  const id = await makeCollection(db, 100);
  const alone = makeEngine();
  onTestFinished(() => alone.end());
  await alone.api.open(id, null);
  const found = await alone.api.search({ vector: query(1), k: 10, method: 'hnsw' });
  expect(found.plan).toMatchObject({ method: 'exact', reason: 'There is no graph yet.' });
  expect([...found.rows]).toEqual(bruteForce(vectors, query(1), 10, (row) => row < 100));

  const engine = makeEngine();
  const graph = makeGraph();
  onTestFinished(() => engine.end());
  const { port1, port2 } = new MessageChannel();
  await graph.api.connectPort(transfer(port1, [port1]));
  await engine.api.open(id, transfer(port2, [port2]));
  await graph.api.open(id, () => {});
  await graph.api.settled();
  graph.end();
  const after = await engine.api.search({ vector: query(1), k: 10, method: 'hnsw' });
  expect(after.plan).toMatchObject({ method: 'exact', reason: 'The graph did not answer.' });
  expect(after.rows).toEqual(found.rows);
});

test('a collection that is gone is said to be gone', async () => {
  const gone = 'ffffffffffffffff' as CollectionId;
  await pageDatabase();
  const engine = makeEngine();
  const graph = makeGraph();
  onTestFinished(() => [engine, graph].forEach((worker) => worker.end()));
  await expect(engine.api.open(gone, null)).rejects.toMatchObject({ code: 'collection-gone' });
  await graph.api.open(gone, () => {});
  expect(await graph.api.settled()).toMatchObject({ state: 'failed' });
});

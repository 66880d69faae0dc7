import { describe, expect, onTestFinished, test } from 'vitest';
import type { CollectionId } from '#lib/base/ids.ts';
import { connect, expose, lasting, transfer } from '#lib/base/remote.ts';
import { deleteCollection } from '#lib/collection/store/collections.ts';
import { openDatabase, type Database } from '#lib/collection/store/database.ts';
import { killRows, reviveRows } from '#lib/collection/store/dead.ts';
import { loadGraph } from '#lib/collection/store/graphs.ts';
import { changeIndexSettings } from '#lib/collection/store/index-settings.ts';
import { isHeldOut } from '#lib/index/held-out.ts';
import { DEFAULT_INDEX_SETTINGS } from '#lib/index/tuning.ts';
import type { GraphChoice, GraphStatus } from '#lib/index/types.ts';
import { makeGraph } from '#lib/workers/clients.ts';
import { EngineApi } from '#lib/workers/engine-api.ts';
import { GraphLink } from '#lib/workers/graph-link.ts';
import { clusteredVectors, vectorAt } from '../../support/vectors.ts';
import { freshDatabase } from '../store/support.ts';
import {
  embedRows,
  MANY,
  MOST,
  openGraph,
  recallOf,
  rowsIn,
  spaceOf,
  stageRows,
  takenRows
} from './graph-support.ts';

const DIMENSIONS = 32;
const SPACE = spaceOf(DIMENSIONS);
const vectors = clusteredVectors(MANY, DIMENSIONS);
const query = (n: number) => vectorAt(vectors, n, DIMENSIONS);
const first = (rows: number) => vectors.subarray(0, rows * DIMENSIONS);
const allRows = (rows: number) => Array.from({ length: rows }, (_, row) => row);

/** A collection whose first `rows` items have their vectors; 400 are one graph, MANY are two. */
async function collectionWith(db: Database, rows: number, embedded = rows): Promise<CollectionId> {
  const id = await stageRows(db, first(rows), SPACE);
  await embedRows(db, id, first(rows), SPACE, [0, embedded]);
  return id;
}

describe('a graph', () => {
  test('of many rows is two side by side, and finds what brute force finds', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, MANY);
    const opened = await openGraph(db, id);
    const status = await opened.graph.settled();
    expect(status).toMatchObject({ state: 'ready', origin: 'built', rows: MOST, total: MOST });
    expect(status.graph).toMatchObject({ dimensions: DIMENSIONS, M: 16, shards: 2 });
    expect(status.graph!.memoryBytes).toBeGreaterThan(MANY * DIMENSIONS * 4);
    expect(status.graph!.diskBytes).toBeGreaterThan(MANY * DIMENSIONS * 4);
    expect(status.graph!.buildMs).toBeGreaterThan(0);
    expect(rowsIn(status.known)).toEqual(takenRows(MANY));
    expect(opened.workers).toHaveLength(2);
    expect(await recallOf(opened, vectors, DIMENSIONS)).toBeGreaterThanOrEqual(0.99);
    const building = opened.statuses.filter(({ state }) => state === 'building');
    expect(building.length).toBeGreaterThan(5);
    expect(building.map(({ rows }) => rows)).toEqual(
      building.map(({ rows }) => rows).sort((a, b) => a - b)
    );
  });

  test('lacks exactly the rows that are held out, and a search through it finds them', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, MANY);
    const { graph } = await openGraph(db, id);
    const { port1, port2 } = new MessageChannel();
    await graph.connectPort(transfer(port1, [port1]));
    const { known } = await graph.settled();
    const taken = new Set(rowsIn(known));
    const lacking = allRows(MANY).filter((row) => !taken.has(row));
    expect(lacking).toEqual(allRows(MANY).filter(isHeldOut));
    expect(lacking.length).toBeGreaterThan(20);

    const engine = new EngineApi(() => Promise.resolve(db));
    await engine.open(id, port2);
    await engine.settled();
    const remote = new MessageChannel();
    expose(engine, remote.port1);
    const { api } = connect<EngineApi>(remote.port2);
    for (const row of lacking) {
      const found = await api.search({ vector: query(row).slice(), k: 3, method: 'hnsw' });
      expect(found.plan.method).toBe('hnsw');
      expect(found.rows[0]).toBe(row);
    }
  });

  test('answers rows or nothing while it is built, and goes on being built', async () => {
    const db = await freshDatabase();
    const opened = await openGraph(db, await collectionWith(db, MANY));
    let done = false;
    void opened.graph.settled().then(() => (done = true));
    const answers: (number | undefined)[] = [];
    while (!done) answers.push((await opened.link.search(query(3), 5, 50))?.rows.length);
    expect(answers).toContain(undefined);
    expect(answers.every((count) => count === undefined || count === 5)).toBe(true);
    expect((await opened.link.search(query(3), 5, 50))!.rows[0]).toBe(3);
  });

  test('lives in the worker itself where there are no workers in workers', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, MANY);
    const built = await openGraph(db, id);
    await built.graph.settled();
    built.end();
    const options = { startWorker: undefined, cores: 8 };
    // Two graphs were saved, and both are taken up.
    const loaded = await openGraph(db, id, options);
    expect(await loaded.graph.settled()).toMatchObject({ origin: 'loaded', graph: { shards: 2 } });
    expect(await recallOf(loaded, vectors, DIMENSIONS)).toBeGreaterThanOrEqual(0.99);
    await loaded.graph.rebuild();
    expect(await loaded.graph.settled()).toMatchObject({ origin: 'built', graph: { shards: 1 } });
    expect(loaded.workers).toEqual([]);
    expect(await recallOf(loaded, vectors, DIMENSIONS)).toBeGreaterThanOrEqual(0.99);
  });
});

describe('a graph that is used', () => {
  test('stays so while it catches up with rows that came, died or came back', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 400, 300);
    const { graph, link, statuses } = await openGraph(db, id);
    expect((await graph.settled()).rows).toBe(300);
    const from = statuses.length;
    await embedRows(db, id, vectors, SPACE, [300, 400], [7]);
    await killRows(db, id, [8, 9]);
    await graph.refresh();
    expect(await graph.settled()).toMatchObject({ state: 'ready', rows: 397, total: 397 });
    await killRows(db, id, [10]);
    await reviveRows(db, id, [8]);
    await graph.refresh();
    const status = await graph.settled();
    expect(status).toMatchObject({ state: 'ready', rows: 397, origin: 'built' });
    // Rows that it does not find are not told: whoever comes back to life is looked for elsewhere.
    const alive = allRows(400).filter((row) => row !== 7 && row !== 9 && row !== 10);
    expect(rowsIn(status.known)).toEqual(alive);
    const found = new Set((await link.search(query(0), 400, 400))!.rows);
    expect(allRows(400).filter((row) => !found.has(row))).toEqual([7, 9, 10]);

    const during = statuses.slice(from);
    expect(new Set(during.map(({ state }) => state))).toEqual(new Set(['ready']));
    const found300 = allRows(300).filter((row) => row < 7 || row > 9);
    expect(rowsIn(during[0]!.known)).toEqual(found300);
  });

  test('knows each row it tells of by the time it tells', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, MANY, 3900);
    const { graph, link, statuses } = await openGraph(db, id);
    await graph.settled();
    await embedRows(db, id, vectors, SPACE, [3900, MANY]);
    await graph.refresh();
    let settled = false;
    void graph.settled().then(() => (settled = true));
    while (!settled) {
      const { known } = link.status();
      const rows = rowsIn(known);
      const newest = rows.at(-1)!;
      expect((await link.search(query(newest), 3, 100))!.rows[0]).toBe(newest);
    }
    expect(rowsIn(statuses.at(-1)!.known)).toEqual(takenRows(MANY));
  });

  test('is not used any more when it holds less than half of the rows', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 400, 50);
    const { graph, statuses } = await openGraph(db, id);
    await graph.settled();
    const from = statuses.length;
    await embedRows(db, id, vectors, SPACE, [50, 400]);
    await graph.refresh();
    expect(await graph.settled()).toMatchObject({ state: 'ready', rows: 400 });
    expect(statuses[from]!.state).toBe('building');
  });
});

describe('a saved graph', () => {
  test('is loaded, not built, and catches up with rows and deletions', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, MANY, 3900);
    const built = await openGraph(db, id);
    const before = await built.graph.settled();
    built.end();
    expect((await loadGraph(db, id))!.stamp).toMatchObject({
      count: takenRows(3900).length,
      dimensions: DIMENSIONS
    });

    await embedRows(db, id, vectors, SPACE, [3900, MANY]);
    await killRows(db, id, [1, 2]);
    const loaded = await openGraph(db, id, { cores: 16 });
    const status = await loaded.graph.settled();
    expect(status).toMatchObject({ state: 'ready', origin: 'loaded', rows: MOST - 2 });
    expect(status.graph!.shards).toBe(2);
    expect(status.graph!.buildMs).toBeGreaterThan(before.graph!.buildMs!);
    expect(loaded.statuses.map(({ state }) => state)).not.toContain('building');
    const live = (row: number) => row !== 1 && row !== 2;
    const recall = await recallOf(loaded, vectors, DIMENSIONS, { live });
    expect(recall).toBeGreaterThanOrEqual(0.99);
  });

  test('of a build that was left in the middle is gone on with', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, MANY);
    const left = await openGraph(db, id, { partialMs: 0, idleMs: 3_600_000 });
    while (!(await loadGraph(db, id))) await left.graph.status();
    left.end();
    const { stamp } = (await loadGraph(db, id))!;
    expect(stamp.count).toBeLessThan(MOST);

    const resumed = await openGraph(db, id);
    const status = await resumed.graph.settled();
    expect(status).toMatchObject({ state: 'ready', origin: 'loaded', rows: MOST });
    expect(resumed.statuses.find(({ origin }) => origin === 'loaded')!.rows).toBe(stamp.count);
    expect(status.graph!.buildMs).toBeGreaterThan(stamp.buildMs);
    expect(await recallOf(resumed, vectors, DIMENSIONS)).toBeGreaterThanOrEqual(0.99);
  });

  test('answers as it did before', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 400);
    const built = await openGraph(db, id);
    await built.graph.settled();
    const loaded = await openGraph(db, id);
    expect(await loaded.graph.settled()).toMatchObject({ origin: 'loaded' });
    for (let n = 0; n < 20; n++) {
      const answer = await loaded.link.search(query(n), 10, 50);
      expect(answer).toEqual(await built.link.search(query(n), 10, 50));
    }
  });
});

describe('the reader’s choice', () => {
  const choose = (db: Database, id: CollectionId, choice: GraphChoice) =>
    changeIndexSettings(db, id, () => ({ choice, measurement: null }));

  test('is heeded when the graph is built again, and a graph made otherwise is built again', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 400);
    const { graph } = await openGraph(db, id);
    await graph.settled();
    await choose(db, id, { dimensions: 16, M: 8, efConstruction: 60 });
    await graph.rebuild();
    const rebuilt = await graph.settled();
    expect(rebuilt).toMatchObject({ state: 'ready', origin: 'built', rows: 400 });
    expect(rebuilt.graph).toMatchObject({ dimensions: 16, M: 8, efConstruction: 60 });
    expect((await loadGraph(db, id))!.stamp).toMatchObject({ dimensions: 16, M: 8 });

    await choose(db, id, { dimensions: 8, M: 8, efConstruction: 60 });
    expect(await (await openGraph(db, id)).graph.settled()).toMatchObject({
      origin: 'built',
      reason: 'The saved graph was made from other parameters, so it is built again.',
      graph: { dimensions: 8 }
    });
    // Left to itself, a graph of any length is as good.
    await choose(db, id, { dimensions: 'automatic', M: 8, efConstruction: 60 });
    const automatic = await (await openGraph(db, id)).graph.settled();
    expect(automatic).toMatchObject({ origin: 'loaded', graph: { dimensions: 8 } });
  });

  test('of more dimensions than there are means all of them', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 100);
    await choose(db, id, { dimensions: 256, M: 16, efConstruction: 200 });
    expect((await (await openGraph(db, id)).graph.settled()).graph!.dimensions).toBe(DIMENSIONS);
    expect(await (await openGraph(db, id)).graph.settled()).toMatchObject({ origin: 'loaded' });
  });

  test('can be taken in the middle of a build', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, MANY);
    const { graph, statuses } = await openGraph(db, id);
    while (!statuses.some(({ rows }) => rows > 0)) await graph.status();
    await choose(db, id, { dimensions: 8, M: 8, efConstruction: 60 });
    await graph.rebuild();
    expect(await graph.settled()).toMatchObject({ state: 'ready', rows: MOST, graph: { M: 8 } });
    expect(statuses.filter(({ state }) => state === 'ready')[0]!.graph!.M).toBe(8);
  });

  test('leaves out rows that are zero as far as the graph looks', async () => {
    const db = await freshDatabase();
    const odd = first(100).slice();
    for (const row of [3, 50]) odd.fill(0, row * DIMENSIONS, row * DIMENSIONS + 16);
    const id = await stageRows(db, odd, SPACE);
    await embedRows(db, id, odd, SPACE);
    await choose(db, id, { dimensions: 16, M: 16, efConstruction: 200 });
    const { graph, link } = await openGraph(db, id);
    const status = await graph.settled();
    expect(status).toMatchObject({ state: 'ready', rows: 98, total: 100 });
    expect(rowsIn(status.known)).toEqual(allRows(100).filter((row) => row !== 3 && row !== 50));
    expect(await link.search(vectorAt(odd, 3, DIMENSIONS), 5, 50)).toBeUndefined();
    const found = await link.search(vectorAt(odd, 4, DIMENSIONS), 1, 50);
    expect([...found!.rows]).toEqual([4]);
  });
});

describe('the first dimensions', () => {
  const FULL = 512;
  const COUNT = 2100;
  /** Vectors that mean nearly the same cut to half, as text-embedding-3 is trained to. */
  function taperedVectors(): Float32Array<ArrayBuffer> {
    const tapered = clusteredVectors(COUNT, FULL, { clusters: 60 });
    for (let n = 0; n < COUNT; n++) {
      const vector = tapered.subarray(n * FULL, (n + 1) * FULL);
      for (let i = FULL / 2; i < FULL; i++) vector[i]! *= 0.1;
      const length = Math.hypot(...vector);
      for (let i = 0; i < FULL; i++) vector[i]! /= length;
    }
    return tapered;
  }

  test('are enough for a graph where model and vectors say so', async () => {
    const db = await freshDatabase();
    const tapered = taperedVectors();
    const space = spaceOf(FULL, 'text-embedding-3-small');
    const id = await stageRows(db, tapered, space);
    // Two thousand are needed to tell: what was built before is small, and built again.
    await embedRows(db, id, tapered, space, [0, 300]);
    const opened = await openGraph(db, id);
    expect((await opened.graph.settled()).graph!.dimensions).toBe(FULL);
    await embedRows(db, id, tapered, space, [300, COUNT]);
    await opened.graph.refresh();
    const status = await opened.graph.settled();
    expect(status).toMatchObject({
      state: 'ready',
      rows: takenRows(COUNT).length,
      graph: { dimensions: 256 }
    });
    const recall = await recallOf(opened, tapered, FULL, { candidates: 50 });
    expect(recall).toBeGreaterThanOrEqual(0.99);
  });

  test('that were measured to be too few are not built on again', async () => {
    const db = await freshDatabase();
    const tapered = taperedVectors();
    const space = spaceOf(FULL, 'text-embedding-3-small');
    const id = await stageRows(db, tapered, space);
    await embedRows(db, id, tapered, space);
    const first = await openGraph(db, id);
    expect((await first.graph.settled()).graph!.dimensions).toBe(256);
    await changeIndexSettings(db, id, () => ({ ...DEFAULT_INDEX_SETTINGS, fewestDimensions: 257 }));
    const { graph } = await openGraph(db, id);
    expect(await graph.settled()).toMatchObject({
      state: 'ready',
      origin: 'built',
      graph: { dimensions: FULL },
      reason: 'The saved graph was made from too few dimensions, so it is built again.'
    });
    await graph.rebuild('Because.');
    expect((await graph.settled()).reason).toBe('Because.');
  });

  test('are never enough for a model that was not trained for it', async () => {
    const db = await freshDatabase();
    const space = spaceOf(FULL, 'some-other-model');
    const tapered = taperedVectors();
    const id = await stageRows(db, tapered, space);
    await embedRows(db, id, tapered, space);
    const { graph } = await openGraph(db, id);
    expect((await graph.settled()).graph!.dimensions).toBe(FULL);
  });
});

test('the page’s own graph worker builds in workers of its own', async () => {
  const db = await openDatabase();
  const id = await collectionWith(db, MANY);
  const worker = makeGraph();
  onTestFinished(async () => {
    worker.end();
    await deleteCollection(db, id);
    db.close();
  });
  const { port1, port2 } = new MessageChannel();
  await worker.api.connectPort(transfer(port1, [port1]));
  const link = new GraphLink(port2);
  const statuses: GraphStatus[] = [];
  await worker.api.open(
    id,
    lasting((status: GraphStatus) => statuses.push(status))
  );
  const status = await worker.api.settled();
  expect(status).toMatchObject({ state: 'ready', rows: MOST, origin: 'built' });
  expect(await recallOf({ link }, vectors, DIMENSIONS)).toBeGreaterThanOrEqual(0.99);
  expect(statuses.at(-1)).toEqual(status);
});

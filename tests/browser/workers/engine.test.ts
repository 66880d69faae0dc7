import { describe, expect, onTestFinished, test } from 'vitest';
import { bitAt } from '#lib/base/bits.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { expose, lasting, transfer } from '#lib/base/remote.ts';
import { deleteCollection } from '#lib/collection/store/collections.ts';
import { openDatabase, type Database } from '#lib/collection/store/database.ts';
import { killRows, reviveRows } from '#lib/collection/store/dead.ts';
import { changeIndexSettings, getIndexSettings } from '#lib/collection/store/index-settings.ts';
import { DEFAULT_INDEX_SETTINGS } from '#lib/index/tuning.ts';
import type { GraphStatus, Measurement } from '#lib/index/types.ts';
import { makeEngine, makeGraph } from '#lib/workers/clients.ts';
import type { DrawnNeighbours } from '#lib/workers/drawn-neighbours.ts';
import { bruteForce, clusteredVectors } from '../../support/vectors.ts';
import { abortPuts, freshDatabase } from '../store/support.ts';
import {
  ask,
  collectionWith,
  COUNT,
  DIMENSIONS,
  engineOver,
  holdEncoding,
  query,
  SPACE,
  truth,
  vectors
} from './engine-support.ts';
import { embedRows, openGraph, spaceOf, stageRows } from './graph-support.ts';

describe.each([
  ['with room for the vectors', undefined],
  ['without room for the vectors', { vectorBudget: 0 }]
])('an engine %s', (_, options) => {
  test('finds what brute force finds, with similarities of the vectors and fingerprints', async () => {
    const db = await freshDatabase();
    const engine = engineOver(db, options);
    const opened = await engine.open(await collectionWith(db), null);
    expect(opened).toMatchObject({ rows: COUNT, dimensions: DIMENSIONS });
    expect(await ask(engine, 'exact')).toEqual(truth(() => true));
    const found = await engine.search({ vector: query(5), k: 3, method: 'automatic' });
    expect(found.fingerprints).toHaveLength(3 * 48);
    expect(found.similarities[0]).toBeCloseTo(1, 6);
    expect(found.provisional).toBe(false);
  });

  test('takes in rows that came, died or came back', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 200);
    const engine = engineOver(db, options);
    await engine.open(id, null);
    await embedRows(db, id, vectors, SPACE, [200, 300], [7]);
    await killRows(db, id, [8, 9]);
    expect(await engine.refresh()).toMatchObject({ rows: 297 });
    const dead = new Set([7, 8, 9]);
    const live = (row: number) => row < 300 && !dead.has(row);
    expect(await ask(engine, 'exact')).toEqual(truth(live));
    await reviveRows(db, id, [8]);
    await engine.refresh();
    dead.delete(8);
    expect(await ask(engine, 'exact')).toEqual(truth(live));
  });
});

test('a first answer comes before the vectors are read, and the final one agrees with it', async () => {
  const db = await freshDatabase();
  const engine = engineOver(db, { vectorBudget: 0 });
  await engine.open(await collectionWith(db), null);
  const order: string[] = [];
  const firsts: DrawnNeighbours[] = [];
  const asked = { vector: query(3), k: 5, method: 'exact', sentAt: Date.now() } as const;
  const final = await engine.search(asked, (first) => {
    order.push('first');
    firsts.push(first);
  });
  order.push('final');
  expect(order).toEqual(['first', 'final']);
  expect(firsts[0]!.provisional).toBe(true);
  expect(firsts[0]!.fingerprints).toHaveLength(5 * 48);
  expect([...firsts[0]!.rows].sort()).toEqual([...final.rows].sort());
  expect(final.plan.steps.map(({ name }) => name)).toEqual(['queue', 'scan', 're-score']);
});

test('many questions are answered at once, and can be cancelled', async () => {
  const db = await freshDatabase();
  const engine = engineOver(db);
  await engine.open(await collectionWith(db), null);
  const stop = new AbortController();
  const batch = { questions: vectors.slice(), k: 10, precision: 'float32' } as const;
  const { rows } = await engine.searchMany(batch, () => {}, stop.signal);
  const firstTen = Array.from({ length: 10 }, (_, n) => [...rows.subarray(10 * n, 10 * n + 10)]);
  expect(firstTen).toEqual(truth(() => true));
  const long = { ...batch, questions: new Float32Array(50 * vectors.length).fill(0.1) };
  const cancelled = engine.searchMany(long, () => stop.abort(), stop.signal);
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  expect(await ask(engine, 'exact')).toEqual(truth(() => true));
});

describe('with a graph', () => {
  /** Engine and graph over one collection, joined as the page joins them. */
  async function openBoth(db: Database, id: CollectionId) {
    const opened = await openGraph(db, id);
    const { port1, port2 } = new MessageChannel();
    await opened.graph.connectPort(transfer(port1, [port1]));
    const engine = engineOver(db);
    await engine.open(id, transfer(port2, [port2]));
    return { ...opened, engine };
  }

  test('answers are found by the graph, and by comparing what it lacks, and are complete', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 300);
    const { engine, graph } = await openBoth(db, id);
    await graph.settled();
    const { plan } = await engine.search({ vector: query(1), k: 10, method: 'hnsw' });
    expect(plan).toMatchObject({ method: 'hnsw', rows: 300 });
    expect(plan.compared).toBeGreaterThan(0);

    // The graph is not told: it lacks a hundred rows, and knows one that is dead.
    await embedRows(db, id, vectors, SPACE, [300, 400], [8]);
    await engine.refresh();
    const behind = await engine.search({ vector: query(350), k: 10, method: 'hnsw' });
    expect(behind.plan).toMatchObject({ method: 'hnsw', rows: 399 });
    expect(await ask(engine, 'hnsw')).toEqual(truth((row) => row !== 8));
    await graph.refresh();
    await graph.settled();
    expect(await ask(engine, 'hnsw')).toEqual(truth((row) => row !== 8));
  });

  test('under any filter an answer is complete', async () => {
    const db = await freshDatabase();
    const { engine, graph } = await openBoth(db, await collectionWith(db));
    await graph.settled();
    for (const every of [2, 7, 50, 399]) {
      const allowed = new Uint8Array(COUNT / 8);
      for (let row = 0; row < COUNT; row += every) allowed[row >> 3]! |= 1 << (row & 7);
      for (const method of ['hnsw', 'automatic', 'exact'] as const) {
        const { rows } = await engine.search({ vector: query(6), k: 10, method, allowed });
        expect(rows).toHaveLength(Math.min(10, Math.ceil(COUNT / every)));
        for (const row of rows) expect(bitAt(allowed, row)).toBe(true);
      }
    }
  });

  test('what Measure finds is kept, and the graph is asked by it', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db);
    const { engine, graph } = await openBoth(db, id);
    await graph.settled();
    expect(await engine.index()).toMatchObject({ tuning: null, outlook: { method: 'exact' } });
    const told = Promise.withResolvers<undefined>();
    const shares: number[] = [];
    await engine.watch(lasting(() => told.resolve(undefined)));
    const measured = await engine.measure(
      (share) => shares.push(share),
      new AbortController().signal
    );
    expect(measured).toMatchObject({ rows: COUNT, queries: 100, graph: { M: 16 } });
    expect(measured.tuning!.recall).toBeGreaterThan(0.9);
    expect(measured.ways.map(({ asked }) => asked)).toContain('hnsw');
    expect(shares.length).toBeGreaterThan(3);
    expect((await getIndexSettings(db, id))?.measurement).toEqual(measured);
    await told.promise;
    expect((await engine.index()).tuning).toEqual(measured.tuning);

    const again = engineOver(db);
    await again.open(id, null);
    expect((await again.index()).settings.measurement).toEqual(measured);
  });

  test('the reader’s choice of parameters is kept beside the measurement', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db);
    const engine = engineOver(db);
    await engine.open(id, null);
    const choice = { dimensions: 20, M: 8, efConstruction: 77 };
    await engine.chooseGraph(choice);
    expect((await getIndexSettings(db, id))?.choice).toEqual(choice);
    expect((await engine.index()).settings.choice).toEqual(choice);
  });
});

test('a graph on dimensions that are measured to be too few is built again on more', async () => {
  const db = await freshDatabase();
  const id = await collectionWith(db);
  const rebuilt = Promise.withResolvers<string>();
  const facts = { dimensions: 20, M: 16, efConstruction: 40, shards: 1 };
  const status: GraphStatus = {
    ...{ state: 'ready', rows: COUNT, total: COUNT, origin: 'built' },
    known: new Uint8Array(COUNT / 8).fill(255),
    graph: { ...facts, memoryBytes: 1, diskBytes: null, buildMs: 1 }
  };
  // It answers, but overlooks every other row.
  const graph = {
    subscribe: (onStatus: (status: GraphStatus) => void) => onStatus(status),
    search: (vector: Float32Array, k: number) => ({
      rows: Uint32Array.from(bruteForce(vectors, vector, k, (row) => row % 2 === 0)),
      compared: COUNT
    }),
    rebuild: rebuilt.resolve,
    lines(onLine: (line: MessagePort) => void) {
      const { port1, port2 } = new MessageChannel();
      expose(graph, port1);
      onLine(transfer(port2, [port2]));
    }
  };
  const { port1, port2 } = new MessageChannel();
  expose(graph, port1);
  const engine = engineOver(db);
  await engine.open(id, transfer(port2, [port2]));
  await expect
    .poll(async () => (await engine.index()).outlook.expected.map(({ method }) => method))
    .toContain('hnsw');
  const { tuning } = await engine.measure(() => {}, new AbortController().signal);
  expect(tuning!.recall).toBeLessThan(0.99);
  expect(await rebuilt.promise).toMatch(/^A graph on the first 20 dimensions found too few/);
  expect((await getIndexSettings(db, id))?.fewestDimensions).toBe(21);
});

describe('two tabs', () => {
  const choice = { dimensions: 20, M: 8, efConstruction: 77 };

  test('do not undo each other’s choice and measurement', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db);
    const [one, other] = [engineOver(db), engineOver(db)];
    await one.open(id, null);
    await other.open(id, null);
    await one.chooseGraph(choice);
    const measurement = await other.measure(() => {}, new AbortController().signal);
    expect(await getIndexSettings(db, id)).toEqual({ choice, measurement });
    expect((await other.index()).settings).toEqual({ choice, measurement });
  });

  test('do not check a graph over what the other has measured', async () => {
    const db = await freshDatabase();
    const many = clusteredVectors(2000, 8);
    const space = spaceOf(8);
    const id = await stageRows(db, many, space);
    await embedRows(db, id, many, space);
    const opened = await openGraph(db, id);
    const { graph } = await opened.graph.settled();
    const { port1, port2 } = new MessageChannel();
    await opened.graph.connectPort(transfer(port1, [port1]));
    const openGate = holdEncoding();
    const engine = engineOver(db);
    await engine.open(id, transfer(port2, [port2]));

    const tuning = { efSearch: 99, oversampling: 2, recall: 0.97 };
    const thorough = { at: 1, generation: 0, rows: 2000, queries: 100, shortened: [] };
    const measurement = { ...thorough, graph, tuning } as unknown as Measurement;
    await changeIndexSettings(db, id, () => ({ ...DEFAULT_INDEX_SETTINGS, measurement }));
    openGate();
    await expect.poll(async () => (await engine.index()).tuning).toEqual(tuning);
    await engine.settled();
    expect((await getIndexSettings(db, id))?.measurement).toEqual(measurement);
  });

  test('keep what was kept when a choice can’t be', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db);
    const engine = engineOver(db);
    await engine.open(id, null);
    abortPuts('derived');
    await expect(engine.chooseGraph(choice)).rejects.toMatchObject({ code: 'storage-failed' });
    expect((await engine.index()).settings).toEqual(DEFAULT_INDEX_SETTINGS);
  });
});

test('the page’s own workers work together, and without a graph the answer is exact', async () => {
  // The page's database: workers know no other.
  const db = await openDatabase();
  onTestFinished(() => db.close());
  const id = await collectionWith(db);
  onTestFinished(() => deleteCollection(db, id));
  const engine = makeEngine();
  const graph = makeGraph();
  onTestFinished(() => [engine, graph].forEach((worker) => worker.end()));
  const { port1, port2 } = new MessageChannel();
  await graph.api.connectPort(transfer(port1, [port1]));
  await engine.api.open(id, transfer(port2, [port2]));
  const before = await engine.api.search({ vector: query(1), k: 10, method: 'hnsw' });
  expect(before.plan).toMatchObject({ method: 'exact', reason: 'There is no graph yet.' });
  await graph.api.open(id, () => {});
  await graph.api.settled();
  const with_ = await engine.api.search({ vector: query(1), k: 10, method: 'hnsw' });
  expect(with_.plan.method).toBe('hnsw');
  expect(with_.rows).toEqual(before.rows);
  expect((await engine.api.index()).kernel).toBe('relaxed-simd');
  graph.end();
  const after = await engine.api.search({ vector: query(1), k: 10, method: 'hnsw' });
  expect(after.plan).toMatchObject({ method: 'exact', reason: 'The graph did not answer.' });
  expect(after.rows).toEqual(before.rows);
});

test('a collection that is gone is said to be gone', async () => {
  const engine = engineOver(await freshDatabase());
  const gone = engine.open('ffffffffffffffff' as CollectionId, null);
  await expect(gone).rejects.toMatchObject({ code: 'collection-gone' });
  await expect(engine.search({ vector: query(1), k: 1, method: 'exact' })).rejects.toMatchObject({
    code: 'not-open'
  });
});

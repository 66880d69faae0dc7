import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { CollectionId } from '#lib/base/ids.ts';
import { expose, transfer } from '#lib/base/remote.ts';
import { deleteCollection } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { killRows } from '#lib/collection/store/dead.ts';
import { loadGraph, saveGraph } from '#lib/collection/store/graphs.ts';
import { changeIndexSettings } from '#lib/collection/store/index-settings.ts';
import type { SavedGraph } from '#lib/index/types.ts';
import { GraphLink } from '#lib/workers/graph-link.ts';
import { ShardSet } from '#lib/workers/shards.ts';
import { clusteredVectors, vectorAt } from '../../support/vectors.ts';
import { freshDatabase } from '../store/support.ts';
import {
  embedRows,
  MANY,
  MOST,
  openGraph,
  PARAMETERS,
  recallOf,
  saveInTwo,
  spaceOf,
  stageRows,
  startShard,
  takenRows
} from './graph-support.ts';

const DIMENSIONS = 32;
const SPACE = spaceOf(DIMENSIONS);
const vectors = clusteredVectors(MANY, DIMENSIONS);
const query = (n: number) => vectorAt(vectors, n, DIMENSIONS);

async function collectionWith(db: Database, rows: number): Promise<CollectionId> {
  const some = vectors.subarray(0, rows * DIMENSIONS);
  const id = await stageRows(db, some, SPACE);
  await embedRows(db, id, some, SPACE);
  return id;
}

describe('when a part of the graph', () => {
  const startWorker = () =>
    new Worker(new URL('./fragile-shard.worker.ts', import.meta.url), { type: 'module' });
  const died = 'The graph worker stopped: Uncaught Error: out of memory.';

  test('dies while it is built, the graph fails with the reason, and a refresh begins anew', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, MANY);
    const { graph, link, statuses, workers } = await openGraph(db, id, {}, startWorker);
    while (!statuses.some(({ rows }) => rows > 0)) await graph.status();
    workers[1]!.postMessage('die');
    const failed = await graph.settled();
    expect(failed).toMatchObject({ state: 'failed', rows: 0, total: MOST });
    expect(failed.reason).toContain(died);
    expect(await link.search(query(1), 5, 50)).toBeUndefined();

    await graph.refresh();
    expect(await graph.settled()).toMatchObject({ state: 'ready', rows: MOST });
    expect(workers).toHaveLength(4);
    expect(await recallOf({ link }, vectors, DIMENSIONS)).toBeGreaterThanOrEqual(0.99);
  });

  test('dies while the graph is used, it begins anew, and a loaded one that died is not trusted', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 100);
    const { graph, link, statuses, workers } = await openGraph(db, id, {}, startWorker);
    await graph.settled();
    for (const [n, origin] of (['loaded', 'built'] as const).entries()) {
      const from = statuses.length;
      workers[n]!.postMessage('die');
      while (statuses.length === from) await graph.status();
      expect(statuses[from]!.reason).toContain(died);
      expect(await graph.settled()).toMatchObject({ state: 'ready', origin });
      expect((await link.search(query(1), 5, 50))!.rows[0]).toBe(1);
    }
    workers[2]!.postMessage('die');
    while (statuses.at(-1)!.state !== 'failed') await graph.status();
    expect(await graph.settled()).toMatchObject({ state: 'failed' });
    expect(await link.search(query(1), 5, 50)).toBeUndefined();
    expect(workers).toHaveLength(3);
    await graph.rebuild();
    expect(await graph.settled()).toMatchObject({ state: 'ready', origin: 'built' });
  });

  test('fails over what was asked meanwhile, that is done nevertheless', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 100);
    const broken = URL.createObjectURL(new Blob(['throw new Error("broken")']));
    let started = 0;
    const opened = await openGraph(db, id, {}, () => {
      if (++started !== 2) return startShard();
      void opened.graph.refresh();
      return new Worker(broken);
    });
    await opened.graph.settled();
    await opened.graph.rebuild();
    expect(await opened.graph.settled()).toMatchObject({ state: 'ready', rows: 100 });
    expect(opened.statuses.map(({ state }) => state)).toContain('failed');
    expect(started).toBe(3);
  });

  test('falls silent, everything that waits ends with the reason', async () => {
    const mute = URL.createObjectURL(new Blob(['']));
    const reasons: string[] = [];
    const shards = new ShardSet(2, { startWorker: () => new Worker(mute), tickMs: 1 }, (reason) =>
      reasons.push(reason.message)
    );
    const message = 'A part of the graph has stopped answering.';
    const made = { dimensions: DIMENSIONS, ...PARAMETERS };
    await expect(shards.create(made, 10)).rejects.toMatchObject({ code: 'graph-failed', message });
    await expect(shards.search(query(1), 5, 50)).rejects.toMatchObject({ message });
    expect(reasons).toEqual([message]);
  });

  test('can’t be started, the graph fails, three times and then no more', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 100);
    const broken = URL.createObjectURL(new Blob(['throw new Error("broken")']));
    let started = 0;
    const startWorker = () => {
      started++;
      return started > 3 ? startShard() : new Worker(broken);
    };
    const { graph } = await openGraph(db, id, {}, startWorker);
    for (const times of [1, 2, 3, 3]) {
      const failed = await graph.settled();
      expect(failed).toMatchObject({ state: 'failed' });
      expect(failed.reason).toContain('The graph worker stopped');
      expect(started).toBe(times);
      await graph.refresh();
    }
    await graph.rebuild();
    expect(await graph.settled()).toMatchObject({ state: 'ready', rows: 100 });
  });
});

test('a graph too large for WebAssembly is not begun, and says what would help', async () => {
  const db = await freshDatabase();
  const id = await collectionWith(db, 100);
  const choice = { dimensions: 'automatic', M: 1_000_000, efConstruction: 200 } as const;
  await changeIndexSettings(db, id, () => ({ choice, measurement: null }));
  const { graph, link } = await openGraph(db, id);
  const failed = await graph.settled();
  expect(failed.state).toBe('failed');
  expect(failed.reason).toMatch(
    /^A graph of this size needs \d+\.\d GiB in one piece; WebAssembly has room for 1\.8\. Search stays exact\./
  );
  expect(await link.search(query(1), 5, 50)).toBeUndefined();
});

test('a graph may take only a share of the machine’s memory, however many parts it has', async () => {
  const db = await freshDatabase();
  const options = { memoryBudget: 2 ** 21 };
  const few = await openGraph(db, await collectionWith(db, 400), options);
  expect(await few.graph.settled()).toMatchObject({ state: 'ready', rows: 400 });
  // Either of its two parts alone is smaller than that.
  const id = await collectionWith(db, MANY);
  const failed = await (await openGraph(db, id, options)).graph.settled();
  expect(failed.state).toBe('failed');
  expect(failed.reason).toMatch(/^A graph of this size needs .* this machine has room for/);
  const larger = await openGraph(db, id, { memoryBudget: 2 ** 22 });
  expect(await larger.graph.settled()).toMatchObject({ state: 'ready', graph: { shards: 2 } });
});

test('a graph that there is no room to keep serves, and says so until it is kept', async () => {
  const db = await freshDatabase();
  const id = await collectionWith(db, 100);
  let full = true;
  const transaction = (...args: Parameters<Database['transaction']>) => {
    if (full && Array.from(args[0]).includes('graphs') && args[1] === 'readwrite')
      throw new DOMException('No room.', 'QuotaExceededError');
    return db.transaction(...args);
  };
  const fullDatabase = new Proxy(db, {
    get: (_, name) => (name === 'transaction' ? transaction : (Reflect.get(db, name) as unknown))
  });
  const { graph, link } = await openGraph(fullDatabase, id);
  const unkept = await graph.settled();
  expect(unkept).toMatchObject({ state: 'ready', rows: 100, graph: { diskBytes: null } });
  expect(unkept.reason).toMatch(/^The graph could not be kept, so it will be built again\. .+/);
  expect((await link.search(query(1), 5, 50))!.rows[0]).toBe(1);
  expect(await loadGraph(db, id)).toBeUndefined();

  full = false;
  await killRows(db, id, [5]);
  await graph.refresh();
  const kept = await graph.settled();
  expect(kept).toMatchObject({ state: 'ready', rows: 99 });
  expect(kept.reason).toBeUndefined();
  expect(kept.graph!.diskBytes).toBeGreaterThan(0);
});

test('a graph of a collection that is gone fails', async () => {
  const db = await freshDatabase();
  const id = await collectionWith(db, 100);
  await deleteCollection(db, id);
  const { graph } = await openGraph(db, id);
  expect(await graph.settled()).toMatchObject({
    state: 'failed',
    reason: 'This collection has been deleted. Go back to your collections.'
  });
});

test('a graph that answers too late is not waited for, and is used again when it is heard of', async () => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const held: MessageEvent[] = [];
  const calls = Promise.withResolvers<undefined>();
  port1.onmessage = (event: MessageEvent<{ id: number; method: string }>) => {
    if (event.data.method === 'search') held.push(event);
    if (held.length > 0) calls.resolve(undefined);
  };
  const lines = new MessageChannel();
  const told = Promise.withResolvers<undefined>();
  const give = (onLine: (line: MessagePort) => void) => onLine(transfer(port2, [port2]));
  expose({ lines: give }, lines.port1);
  const link = new GraphLink(lines.port2, () => told.resolve(undefined), 20);
  await told.promise;
  expect(await link.search(query(1), 5, 50)).toBeUndefined();
  expect(link.status()).toMatchObject({ state: 'failed', reason: 'The graph does not answer.' });
  await calls.promise;
  const { id, args } = held[0]!.data as { id: number; args: [Float32Array] };
  expect(args[0]).toEqual(query(1).slice());
  expect(args[0].buffer.byteLength).toBe(DIMENSIONS * 4);
  port1.postMessage({ kind: 'result', id, value: Uint32Array.of(1) });
  await vi.waitFor(() => expect(link.status().state).toBe('none'));
});

describe('a saved graph of two parts', () => {
  const damaged = 'The saved graph is damaged, so it is built again.';
  const change = (change: Partial<SavedGraph['stamp']>) => (saved: SavedGraph) => ({
    ...saved,
    stamp: { ...saved.stamp, ...change }
  });

  test('is taken up as it was saved', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 400);
    await saveInTwo(db, id, vectors.subarray(0, 400 * DIMENSIONS), SPACE);
    const { graph, link } = await openGraph(db, id);
    expect(await graph.settled()).toMatchObject({
      origin: 'loaded',
      rows: 400,
      graph: { shards: 2, buildMs: 5 }
    });
    const few = vectors.subarray(0, 400 * DIMENSIONS);
    expect(await recallOf({ link }, few, DIMENSIONS)).toBeGreaterThanOrEqual(0.99);
  });

  test('is not thrown away when the worker for it can’t be started', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 400);
    await saveInTwo(db, id, vectors.subarray(0, 400 * DIMENSIONS), SPACE);
    const broken = URL.createObjectURL(new Blob(['throw new Error("broken")']));
    let started = 0;
    const startWorker = () => (started++ < 2 ? new Worker(broken) : startShard());
    const { graph } = await openGraph(db, id, {}, startWorker);
    const failed = await graph.settled();
    expect(failed.state).toBe('failed');
    expect(failed.reason).toContain('The graph worker stopped');
    await graph.refresh();
    expect(await graph.settled()).toMatchObject({ state: 'ready', origin: 'loaded', rows: 400 });
  });

  test.each<[string, string, (saved: SavedGraph) => SavedGraph | Promise<SavedGraph>]>([
    ['lost a part', damaged, (saved) => ({ ...saved, shards: saved.shards.slice(1) })],
    ['has no parts', damaged, (saved) => change({ digests: [] })({ ...saved, shards: [] })],
    [
      'has its parts in another order',
      damaged,
      (saved) => {
        const digests = saved.stamp.digests.toReversed();
        return change({ digests })({ ...saved, shards: saved.shards.toReversed() });
      }
    ],
    ['has another digest', damaged, change({ digests: ['', ''] })],
    ['has another count', damaged, change({ count: 399 })],
    ['has fewer dimensions than its vectors', damaged, change({ dimensions: 16 })],
    [
      'has more dimensions than the collection',
      'The saved graph was made from other vectors, so it is built again.',
      change({ dimensions: 64 })
    ],
    [
      'is of another space',
      'The saved graph was made from other vectors, so it is built again.',
      change({ space: 'other' })
    ],
    [
      'is of another generation',
      'The saved graph was made from rows that have been renumbered, so it is built again.',
      change({ generation: 5 })
    ],
    [
      'is of another M',
      'The saved graph was made from other parameters, so it is built again.',
      change({ M: 8 })
    ],
    [
      'has one part that is cut short',
      damaged,
      ({ shards: [first, second], ...saved }) => ({
        ...saved,
        shards: [first!, second!.slice(0, 100)]
      })
    ]
  ])('that %s is built again, and says why', async (_, reason, spoil) => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 400);
    await saveInTwo(db, id, vectors.subarray(0, 400 * DIMENSIONS), SPACE);
    await saveGraph(db, await spoil((await loadGraph(db, id))!));
    const { graph, link } = await openGraph(db, id);
    expect(await graph.settled()).toMatchObject({
      state: 'ready',
      origin: 'built',
      rows: 400,
      reason,
      graph: { shards: 1, dimensions: DIMENSIONS }
    });
    expect((await link.search(query(7), 3, 50))!.rows[0]).toBe(7);
    const again = await openGraph(db, id);
    expect(await again.graph.settled()).toMatchObject({ origin: 'loaded', rows: 400 });
  });

  test('with rows that are held out is built again without them', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 2300);
    await saveInTwo(db, id, vectors.subarray(0, 2300 * DIMENSIONS), SPACE);
    const { graph } = await openGraph(db, id);
    const reason =
      'The saved graph holds rows that it is to be measured with, so it is built again.';
    const rows = takenRows(2300).length;
    expect(await graph.settled()).toMatchObject({ origin: 'built', rows, reason });
  });

  test('with rows that have no vector in the collection is built again', async () => {
    const db = await freshDatabase();
    const id = await stageRows(db, vectors.subarray(0, 400 * DIMENSIONS), SPACE);
    await embedRows(db, id, vectors, SPACE, [0, 390]);
    await saveInTwo(db, id, vectors.subarray(0, 400 * DIMENSIONS), SPACE);
    const { graph } = await openGraph(db, id);
    expect(await graph.settled()).toMatchObject({ origin: 'built', rows: 390, reason: damaged });
  });
});

import { expect, onTestFinished, test, vi } from 'vitest';
import { connect, expose, transfer } from '#lib/base/remote.ts';
import { deleteCollection } from '#lib/collection/store/collections.ts';
import { openDatabase } from '#lib/collection/store/database.ts';
import type { GraphStatus } from '#lib/index/types.ts';
import { WorkerClient } from '#lib/workers/client.ts';
import { EngineApi } from '#lib/workers/engine-api.ts';
import { GraphConnector } from '#lib/workers/graph-connector.ts';
import type { HnswApi } from '#lib/workers/hnsw-api.ts';
import { clusteredVectors, vectorAt } from '../../support/vectors.ts';
import { embedRows, spaceOf, stageRows } from './graph-support.ts';

const DIMENSIONS = 32;
const SPACE = spaceOf(DIMENSIONS);
const vectors = clusteredVectors(200, DIMENSIONS);

/** An engine, and a graph worker of which the first `broken` can't be loaded, joined as on the page. */
async function openBoth(broken: number) {
  const db = await openDatabase();
  const id = await stageRows(db, vectors, SPACE);
  await embedRows(db, id, vectors, SPACE);
  const workers: Worker[] = [];
  const client = new WorkerClient<HnswApi>('graph', () => {
    const unloadable = URL.createObjectURL(new Blob(['throw new Error("not loaded")']));
    const worker =
      workers.length < broken
        ? new Worker(unloadable)
        : new Worker(new URL('../../../src/lib/workers/hnsw.worker.ts', import.meta.url), {
            type: 'module'
          });
    workers.push(worker);
    return worker;
  });
  const statuses: GraphStatus[] = [];
  const connector = new GraphConnector(client, id, (status) => statuses.push(status));
  onTestFinished(async () => {
    connector.end();
    await deleteCollection(db, id);
    db.close();
  });
  const { port1, port2 } = new MessageChannel();
  expose(new EngineApi(() => Promise.resolve(db)), port1);
  const engine = connect<EngineApi>(port2).api;
  const port = connector.port();
  await engine.open(id, transfer(port, [port]));
  await connector.refresh();
  const ask = async () => {
    const vector = vectorAt(vectors, 7, DIMENSIONS).slice();
    const { rows, plan } = await engine.search({ vector, k: 3, method: 'hnsw' });
    expect(rows[0]).toBe(7);
    return plan.method;
  };
  const becomes = (method: string) =>
    vi.waitFor(async () => expect(await ask()).toBe(method), { timeout: 10_000 });
  const die = () =>
    workers.at(-1)!.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
  return { connector, workers, statuses, ask, becomes, die };
}

test('a graph worker that can’t be loaded leaves search exact, and is tried again', async () => {
  const { connector, statuses, ask, becomes } = await openBoth(1);
  expect(await ask()).toBe('exact');
  expect(statuses.at(-1)).toMatchObject({ state: 'failed' });
  expect(statuses.at(-1)!.reason).toContain('The graph worker stopped');
  await connector.refresh();
  await becomes('hnsw');
});

test('a graph worker that dies leaves the engine as it is, and another takes its place', async () => {
  const { workers, statuses, ask, becomes, die } = await openBoth(0);
  await becomes('hnsw');
  const from = statuses.length;
  die();
  const answer = ask();
  expect(statuses[from]).toMatchObject({ state: 'failed' });
  expect(['exact', 'hnsw']).toContain(await answer);
  await becomes('hnsw');
  expect(workers).toHaveLength(2);
});

test('a graph worker that died three times is not started again but for a rebuild', async () => {
  const { connector, workers, statuses, ask, becomes } = await openBoth(3);
  await connector.refresh();
  await connector.refresh();
  await connector.refresh();
  expect(workers).toHaveLength(3);
  expect(await ask()).toBe('exact');
  expect(statuses.at(-1)!.state).toBe('failed');
  await connector.rebuild();
  await becomes('hnsw');
});

test('a graph worker that was ended is not started again', async () => {
  const { connector, workers } = await openBoth(0);
  connector.end();
  await connector.refresh();
  await expect(connector.rebuild()).rejects.toMatchObject({ code: 'cancelled' });
  expect(workers).toHaveLength(1);
});

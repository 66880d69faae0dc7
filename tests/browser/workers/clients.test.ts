import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { CancelledError } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { deleteCollection } from '#lib/collection/store/collections.ts';
import { openDatabase, type Database } from '#lib/collection/store/database.ts';
import { WorkerClient } from '#lib/workers/client.ts';
import type { EmbeddingApi } from '#lib/workers/embedding-api.ts';
import type { FragileApi } from './fragile.worker.ts';
import { KEY, manyTexts, NO_PROGRESS, stageTexts, standIn, vectorsOf } from './support.ts';

const server = standIn('workers');
beforeEach(() => server.reset());

describe('a worker that dies', () => {
  function makeFragile() {
    const client = new WorkerClient<FragileApi>(
      'fragile',
      () => new Worker(new URL('./fragile.worker.ts', import.meta.url), { type: 'module' })
    );
    onTestFinished(() => client.end());
    client.onDeath = vi.fn();
    return client;
  }

  test('ends the calls that wait, says so once, and is started again', async () => {
    const client = makeFragile();
    expect(await client.api.echo('a')).toBe('a');
    const waiting = client.api.hang();
    await client.api.die();
    await expect(waiting).rejects.toMatchObject({
      code: 'worker-died',
      message: expect.stringContaining('out of memory, once') as string
    });
    expect(await client.api.echo('b')).toBe('b');
    expect(client.onDeath).toHaveBeenCalledTimes(1);
  });

  test('at its start ends the calls that wait', async () => {
    const url = URL.createObjectURL(new Blob(['throw new Error("broken")']));
    const client = new WorkerClient<FragileApi>('broken', () => new Worker(url));
    await expect(client.api.echo('a')).rejects.toMatchObject({ code: 'worker-died' });
  });

  test('that is ended on purpose cancels them, and is no death', async () => {
    const client = makeFragile();
    const waiting = client.api.hang();
    client.end();
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    expect(await client.api.echo('a')).toBe('a');
    expect(client.onDeath).not.toHaveBeenCalled();
  });
});

describe('embedding workers', () => {
  /** Requests sent or answered but not acknowledged: two rounds of four, and three being written. */
  const MOST_UNKEPT = 2 * 4 + 3;

  /** The database of the page: workers know no other. */
  async function pageCollection(texts: string[]): Promise<{ db: Database; id: CollectionId }> {
    const db = await openDatabase();
    const id = await stageTexts(db, texts, server.space);
    onTestFinished(async () => {
      await deleteCollection(db, id);
      db.close();
    });
    return { db, id };
  }

  async function makeEmbedder() {
    const client = new WorkerClient<EmbeddingApi>(
      'embedding',
      () =>
        new Worker(new URL('../../../src/lib/workers/embedding.worker.ts', import.meta.url), {
          type: 'module'
        })
    );
    onTestFinished(() => client.end());
    const { baseUrl } = server;
    await client.api.setCredentials({ provider: 'compatible', baseUrl, apiKey: KEY });
    return client;
  }

  /** The lease of a worker that was ended is given back a moment later. */
  const leaseIsFree = (id: CollectionId) =>
    navigator.locks.request(`semblance:run:${id}`, () => undefined);

  test('of two, one embeds a collection; when it is killed the other buys again only what was under way', async () => {
    const texts = manyTexts(1280, `killed ${crypto.randomUUID()}`);
    const { db, id } = await pageCollection(texts);
    const [first, second] = [await makeEmbedder(), await makeEmbedder()];
    await server.control({ action: 'fault', every: 1, fault: { kind: 'latency', ms: 80 } });
    const half = Promise.withResolvers<true>();
    const killed = first.api.run(id, false, ({ rowsDone }) => {
      if (rowsDone >= 256) half.resolve(true);
    });
    killed.catch(() => undefined);
    await half.promise;
    await expect(second.api.run(id, false, NO_PROGRESS)).rejects.toMatchObject({
      name: 'StoreError',
      code: 'run-elsewhere'
    });

    first.end();
    await expect(killed).rejects.toBeInstanceOf(CancelledError);
    await leaseIsFree(id);
    const acknowledged = [...(await vectorsOf(db, id)).keys()];
    expect(acknowledged.length).toBeGreaterThanOrEqual(256);
    const before = await server.requests();
    expect((await second.api.run(id, false, NO_PROGRESS)).state).toBe('done');
    expect((await vectorsOf(db, id)).size).toBe(1280);

    const after = (await server.requests()).slice(before.length);
    const again = new Set(after.flatMap(({ inputs }) => inputs));
    expect(acknowledged.filter((row) => again.has(texts[row]!))).toEqual([]);
    const sent = [...before, ...after].flatMap(({ inputs }) => inputs);
    expect(sent.length - 1280).toBeLessThanOrEqual(64 * MOST_UNKEPT);
  });
});

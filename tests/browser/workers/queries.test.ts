import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { getRun, getSpent } from '#lib/collection/store/runs.ts';
import { embedText } from '../../support/openai-server/vectors.ts';
import { freshDatabase } from '../store/support.ts';
import {
  BUILT_IN,
  makeEmbedding,
  manyTexts,
  NEVER,
  smallSpace,
  stageTexts,
  standIn
} from './support.ts';

const server = standIn('queries');
beforeEach(() => server.reset());

async function setUp() {
  const db = await freshDatabase();
  return { db, api: makeEmbedding(db, server.baseUrl) };
}

describe('a query', () => {
  test('is bought once, counted, and then comes from the cache', async () => {
    const { db, api } = await setUp();
    const space = smallSpace(512);
    const bought = await api.embedQuery('warm shoes', space, NEVER);
    expect(bought).toMatchObject({ cached: false, tokens: 2 });
    expect(bought.vector).toHaveLength(512);
    const expected = embedText(space.model, 'warm shoes', 512);
    bought.vector.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    expect(await getSpent(db)).toEqual({ tokens: 2, costUsd: (2 * 0.02) / 1e6 });

    const cached = await api.embedQuery('warm shoes', space, NEVER);
    expect(cached).toMatchObject({ cached: true, tokens: 0, vector: bought.vector });
    expect(await server.requests()).toHaveLength(1);
    await api.embedQuery('warm shoes', smallSpace(256), NEVER);
    expect(await server.requests()).toHaveLength(2);
  });

  test('asked during a run is answered while all its requests are in flight', async () => {
    const { db, api } = await setUp();
    const id = await stageTexts(db, manyTexts(640, 'row'), server.space);
    const slow = { kind: 'latency' as const, ms: 400 };
    await server.control({ action: 'fault', containing: 'row', fault: slow });
    const busy = Promise.withResolvers<true>();
    let rowsDone = 0;
    const running = api.run(id, false, (progress) => {
      rowsDone = progress.rowsDone;
      if (progress.inFlight === progress.concurrency) busy.resolve(true);
    });
    await busy.promise;
    const query = await api.embedQuery('a query', server.space, NEVER);
    expect(rowsDone).toBe(0);
    expect((await getRun(db, id)).requests).toBe(0);
    expect(query.cached).toBe(false);
    expect((await running).state).toBe('done');
    const tokens = (await server.requests()).reduce((sum, request) => sum + request.tokens, 0);
    expect((await getSpent(db)).tokens).toBe(tokens);
  });

  test('asked during a built-in run is answered in the middle of it', async () => {
    const { db, api } = await setUp();
    const id = await stageTexts(db, manyTexts(6000, 'a row of some words with a'), BUILT_IN);
    const started = Promise.withResolvers<true>();
    let rowsDone = 0;
    const running = api.run(id, false, (progress) => {
      rowsDone = progress.rowsDone;
      started.resolve(true);
    });
    await started.promise;
    const query = await api.embedQuery('a query', BUILT_IN, NEVER);
    expect(query.vector).toHaveLength(384);
    expect(rowsDone).toBeLessThan(3000);
    expect(await running).toMatchObject({ state: 'done', rowsDone: 6000 });
    expect(await getSpent(db)).toEqual({ tokens: 0, costUsd: 0 });
  });

  test('is answered though the storage is full', async () => {
    const { api } = await setUp();
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('Full.', 'QuotaExceededError');
    });
    onTestFinished(() => put.mockRestore());
    expect(await api.embedQuery('q', server.space, NEVER)).toMatchObject({ cached: false });
    expect(put).toHaveBeenCalled();
  });

  test('that was aborted is not sent', async () => {
    const { api } = await setUp();
    const aborted = api.embedQuery('q', server.space, AbortSignal.abort());
    await expect(aborted).rejects.toMatchObject({ code: 'cancelled' });
    expect(await server.requests()).toEqual([]);
  });

  test('whose answer has other dimensions than the collection is refused, and counted', async () => {
    const { db, api } = await setUp();
    const changed = { ...server.space, dimensions: 384 };
    const refused = api.embedQuery('q', changed, NEVER);
    await expect(refused).rejects.toMatchObject({
      code: 'dimensions',
      message: 'text-embedding-3-small answered with 1536 dimensions; this collection has 384.'
    });
    expect((await getSpent(db)).tokens).toBe(1);
  });
});

test('a probe tells the dimensions and counts its tokens', async () => {
  const { db, api } = await setUp();
  const { dimensions } = await api.probe('openai', 'text-embedding-3-large', NEVER);
  expect(dimensions).toBe(3072);
  const [request] = await server.requests();
  const { tokens } = request!;
  expect(await getSpent(db)).toEqual({ tokens, costUsd: (tokens * 0.13) / 1e6 });
  expect((await api.probe('built-in', 'built-in', NEVER)).dimensions).toBe(384);
});

import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import type { Space } from '#lib/base/space.ts';
import { shorten, weightedMean } from '#lib/base/vector.ts';
import { appendItems, countRows, deleteCollection } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { getDeadRows, killRows } from '#lib/collection/store/dead.ts';
import { getRun, getSpent, recordFailures } from '#lib/collection/store/runs.ts';
import { segmentKeys } from '../store/support.ts';
import type { RunProgress } from '#lib/embedding/run.ts';
import { loadTokenizer } from '#lib/embedding/tokens.ts';
import { EmbeddingApi } from '#lib/workers/embedding-api.ts';
import { embedText } from '../../support/openai-server/vectors.ts';
import { freshDatabase, item, keyOf } from '../store/support.ts';
import {
  BUILT_IN,
  makeEmbedding,
  manyTexts,
  NEVER,
  NO_PROGRESS,
  smallSpace,
  stageTexts,
  standIn,
  vectorsOf
} from './support.ts';

const server = standIn('runs');
beforeEach(() => server.reset());

async function setUp() {
  const db = await freshDatabase();
  return { db, api: makeEmbedding(db, server.baseUrl) };
}

/** Without credentials: whoever has to ask a provider fails. */
const withoutProvider = (db: Database) => new EmbeddingApi(() => Promise.resolve(db));

/** Asserts that rows have the vectors that the stand-in gives their texts, to float32's precision. */
async function expectVectors(db: Database, id: CollectionId, expected: Map<Row, Float32Array>) {
  const vectors = await vectorsOf(db, id);
  expect([...vectors.keys()].sort((a, b) => a - b)).toEqual([...expected.keys()]);
  for (const [row, vector] of expected)
    expect(distance(vectors.get(row)!, vector)).toBeLessThan(1e-5);
}

function distance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

function standInVectors(texts: string[], { model, dimensions }: Space) {
  return new Map(texts.map((text, row) => [row, embedText(model, text, dimensions)]));
}

describe('a run', () => {
  test('gives every row the vector of its text, and buys equal texts once', async () => {
    const { db, api } = await setUp();
    const texts = [...manyTexts(150), ...manyTexts(30), 'Grüße 🎉'];
    const id = await stageTexts(db, texts, server.space);
    const reports: RunProgress[] = [];
    const outcome = await api.run(id, false, (progress) => reports.push(progress));
    expect(outcome).toEqual({ state: 'done', rowsDone: 181, rowsFailed: 0 });
    await expectVectors(db, id, standInVectors(texts, server.space));
    expect((await server.texts()).sort()).toEqual([...new Set(texts)].sort());
    expect(reports.at(-1)).toMatchObject({ rowsDone: 181, rowsTotal: 181, rowsFailed: 0 });
    expect(await countRows(db, id)).toEqual({ live: 181, pending: 0 });
  });

  test('counts what it bought, for the collection and for the device', async () => {
    const { db, api } = await setUp();
    const space = smallSpace(256);
    const id = await stageTexts(db, manyTexts(10), space);
    await api.run(id, false, NO_PROGRESS);
    const [request] = await server.requests();
    const spent = { tokens: request!.tokens, costUsd: (request!.tokens * 0.02) / 1e6 };
    expect(request).toMatchObject({ dimensions: 256, encoding: 'base64' });
    expect(await getRun(db, id)).toMatchObject({ ...spent, requests: 1 });
    expect(await getSpent(db)).toEqual(spent);
  });

  test('embeds long texts in parts and averages them by their length', async () => {
    const { db, api } = await setUp();
    const space = smallSpace(256);
    const long = Array.from({ length: 6000 }, (_, n) => `word${n % 97} and`).join(' ');
    const id = await stageTexts(db, ['short', long], space);
    expect((await api.run(id, false, NO_PROGRESS)).state).toBe('done');
    const tokenizer = await loadTokenizer();
    const parts = tokenizer.split(long, 8191);
    expect(parts.length).toBeGreaterThan(1);
    expect((await server.texts()).sort()).toEqual(['short', ...parts].sort());
    const mean = weightedMean(
      parts.map((part) => embedText(space.model, part, 256)),
      parts.map((part) => tokenizer.count(part))
    );
    await expectVectors(db, id, new Map([...standInVectors(['short'], space), [1, mean]]));
  });

  test('keeps many rows of one text in segments of a good size', async () => {
    const { db, api } = await setUp();
    const texts = Array.from({ length: 10_000 }, (_, n) => (n % 2 ? 'yes' : 'no'));
    const id = await stageTexts(db, texts, BUILT_IN);
    expect(await api.run(id, false, NO_PROGRESS)).toMatchObject({
      state: 'done',
      rowsDone: 10_000
    });
    expect(await countRows(db, id)).toEqual({ live: 10_000, pending: 0 });
    expect(await segmentKeys(db, id)).toHaveLength(5);
  });

  test('leaves deleted rows out and lets the replaced die with the vector of the new', async () => {
    const { db, api } = await setUp();
    const id = await stageTexts(db, ['a', 'b', 'c'], server.space);
    await killRows(db, id, [1]);
    await api.run(id, false, NO_PROGRESS);
    await appendItems(db, id, [{ ...item('item-1'), fields: { text: 'item-1' } }], []);
    expect(await countRows(db, id)).toEqual({ live: 2, pending: 1 });
    await api.run(id, false, NO_PROGRESS);
    expect(await countRows(db, id)).toEqual({ live: 2, pending: 0 });
    expect((await getDeadRows(db, id)).bits).toEqual(Uint8Array.of(0b11));
    expect((await server.texts()).sort()).toEqual(['a', 'c', 'item-1']);
  });
});

describe('held vectors', () => {
  test('are copied without a request, a provider or a cent', async () => {
    const { db, api } = await setUp();
    const texts = manyTexts(70);
    await api.run(await stageTexts(db, texts, server.space), false, NO_PROGRESS);
    const spent = await getSpent(db);
    await server.reset();

    const again = await stageTexts(db, [...texts, 'text number 3'], server.space);
    const reports: RunProgress[] = [];
    const outcome = await withoutProvider(db).run(again, false, (report) => reports.push(report));
    expect(outcome).toEqual({ state: 'done', rowsDone: 71, rowsFailed: 0 });
    expect(reports.at(-1)).toMatchObject({ rowsDone: 71, rowsTotal: 71 });
    await expectVectors(db, again, standInVectors([...texts, 'text number 3'], server.space));
    expect(await server.requests()).toEqual([]);
    expect(await getSpent(db)).toEqual(spent);
    expect(await getRun(db, again)).toMatchObject({ tokens: 0, costUsd: 0, requests: 0 });
  });

  test('of a longer text-embedding-3 space are its prefix, normalised again', async () => {
    const { db, api } = await setUp();
    const texts = manyTexts(20);
    const longer = await stageTexts(db, texts, smallSpace(1536));
    await api.run(longer, false, NO_PROGRESS);
    const bought = await vectorsOf(db, longer);
    await server.reset();
    const shorter = await stageTexts(db, texts, smallSpace(256));
    await withoutProvider(db).run(shorter, false, NO_PROGRESS);
    const vectors = await vectorsOf(db, shorter);
    for (const [row, vector] of bought) expect(vectors.get(row)).toEqual(shorten(vector, 256));
    expect(vectors.size).toBe(20);
    expect(await server.requests()).toEqual([]);
  });

  test('save what they cover, and only the rest is bought', async () => {
    const { db, api } = await setUp();
    await api.run(await stageTexts(db, ['a', 'b'], server.space), false, NO_PROGRESS);
    await server.reset();
    const id = await stageTexts(db, ['a', 'c', 'b'], server.space);
    const outcome = await api.run(id, false, NO_PROGRESS);
    expect(outcome).toEqual({ state: 'done', rowsDone: 3, rowsFailed: 0 });
    expect(await server.texts()).toEqual(['c']);
    await expectVectors(db, id, standInVectors(['a', 'c', 'b'], server.space));
  });
});

test('a row that fails is listed, stays out of the next run, and is what a retry embeds', async () => {
  const { db, api } = await setUp();
  // Counted wrong, it is sent whole and refused for its length.
  const long = 'far too long '.repeat(4000);
  const space = smallSpace(256);
  const id = await stageTexts(db, ['a', 'b'], space);
  const miscounted = { ...item('long'), fields: { text: long }, textHash: keyOf(long) };
  await appendItems(db, id, [miscounted], []);
  const outcome = await api.run(id, false, NO_PROGRESS);
  expect(outcome).toEqual({ state: 'done', rowsDone: 2, rowsFailed: 1 });
  const { failed } = await getRun(db, id);
  expect(failed).toMatchObject([{ row: 2, code: 'input' }]);
  expect(failed[0]!.message).toContain('maximum context length');

  await server.reset();
  const reports: RunProgress[] = [];
  await api.run(id, false, (progress) => reports.push(progress));
  expect(reports.at(-1)).toMatchObject({ rowsDone: 2, rowsTotal: 3, rowsFailed: 1 });
  expect(await server.requests()).toEqual([]);

  const block = (await db.get('items', [id, 0]))!;
  block.items[2]!.tokens = (await loadTokenizer()).count(long);
  await db.put('items', block);
  expect(await api.run(id, true, NO_PROGRESS)).toMatchObject({ state: 'done', rowsDone: 1 });
  expect((await server.texts()).join('')).toBe(long);
  expect((await getRun(db, id)).failed).toEqual([]);
  expect(await countRows(db, id)).toEqual({ live: 3, pending: 0 });
});

/** Progress takes its time to arrive: the last answer is held back, so that it can't be there first. */
async function holdLast(texts: string[]): Promise<void> {
  const fault = { kind: 'latency' as const, ms: 1500 };
  await server.control({ action: 'fault', containing: texts.at(-1)!, fault });
}

describe('a run that is called off', () => {
  test('before it began sends nothing', async () => {
    const { db, api } = await setUp();
    const id = await stageTexts(db, ['a'], server.space);
    const running = api.run(id, false, NO_PROGRESS);
    api.cancel(id);
    expect(await running).toEqual({ state: 'cancelled', rowsDone: 0, rowsFailed: 0 });
    expect(await server.requests()).toEqual([]);
    expect(await countRows(db, id)).toEqual({ live: 0, pending: 1 });
  });

  test('half-way keeps what was answered, and goes on from there', async () => {
    const { db, api } = await setUp();
    const texts = manyTexts(640);
    const id = await stageTexts(db, texts, server.space);
    await holdLast(texts);
    const cancelled = await api.run(id, false, ({ rowsDone }) => {
      if (rowsDone > 0) api.cancel(id);
    });
    expect(cancelled.state).toBe('cancelled');
    const kept = [...(await vectorsOf(db, id)).keys()];
    expect(kept.length).toBe(cancelled.rowsDone);
    expect(kept.length).toBeLessThan(640);

    await server.control({ action: 'clear' });
    const outcome = await api.run(id, false, NO_PROGRESS);
    expect(outcome).toMatchObject({ state: 'done', rowsDone: 640 - kept.length });
    await expectVectors(db, id, standInVectors(texts, server.space));
    const asked = await server.texts();
    for (const row of kept) expect(asked.filter((text) => text === texts[row])).toHaveLength(1);
  });

  test('by deleting its collection ends with the reason', async () => {
    const { db, api } = await setUp();
    const texts = manyTexts(640);
    const id = await stageTexts(db, texts, server.space);
    await holdLast(texts);
    let deleted: Promise<void> | undefined;
    const outcome = await api.run(id, false, ({ rowsDone }) => {
      if (rowsDone > 0) deleted ??= deleteCollection(db, id);
    });
    await deleted;
    expect(outcome).toMatchObject({ state: 'stopped', error: { code: 'collection-gone' } });
    expect(await vectorsOf(db, id)).toEqual(new Map());
    await expect(api.run(id, false, NO_PROGRESS)).rejects.toMatchObject({
      code: 'collection-gone'
    });
  });

  test('pauses, sends nothing but queries meanwhile, and goes on', async () => {
    const { db, api } = await setUp();
    const id = await stageTexts(db, manyTexts(640), server.space);
    await server.control({ action: 'fault', every: 1, fault: { kind: 'latency', ms: 60 } });
    const paused = Promise.withResolvers<true>();
    let once = false;
    const running = api.run(id, false, ({ state, rowsDone, inFlight }) => {
      if (rowsDone > 0 && !once) {
        once = true;
        api.pause(id);
      }
      if (state === 'paused' && inFlight === 0) paused.resolve(true);
    });
    await paused.promise;
    const sent = (await server.requests()).length;
    expect(sent).toBeLessThan(10);
    await api.embedQuery('a query', server.space, NEVER);
    expect(await server.requests()).toHaveLength(sent + 1);
    api.resume(id);
    expect(await running).toMatchObject({ state: 'done', rowsDone: 640 });
    expect(await server.requests()).toHaveLength(11);
  });
});

test('one run at a time embeds a collection', async () => {
  const { db, api } = await setUp();
  const id = await stageTexts(db, manyTexts(200), server.space);
  const other = makeEmbedding(db, server.baseUrl);
  const started = Promise.withResolvers<true>();
  const running = api.run(id, false, () => started.resolve(true));
  await started.promise;
  await expect(other.run(id, false, NO_PROGRESS)).rejects.toMatchObject({ code: 'run-elsewhere' });
  await expect(api.run(id, false, NO_PROGRESS)).rejects.toMatchObject({ code: 'run-elsewhere' });
  expect(await running).toMatchObject({ state: 'done', rowsDone: 200 });
  expect(await other.run(id, false, NO_PROGRESS)).toMatchObject({ state: 'done', rowsDone: 0 });
});

test('vectors that would not fit are refused before anything is spent or forgotten', async () => {
  const { db, api } = await setUp();
  const id = await stageTexts(db, ['a', 'b'], server.space);
  await recordFailures(db, id, [{ row: 0, code: 'input', message: 'No.' }]);
  const estimate = vi.spyOn(navigator.storage, 'estimate');
  onTestFinished(() => estimate.mockRestore());
  estimate.mockResolvedValue({ usage: 1000, quota: 1000 + 2 * 1536 * 5 - 1 });
  const refused = api.run(id, true, NO_PROGRESS);
  await expect(refused).rejects.toMatchObject({ code: 'quota-exceeded' });
  expect(await server.requests()).toEqual([]);
  expect((await getRun(db, id)).failed).toHaveLength(1);
});

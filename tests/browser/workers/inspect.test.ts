import { beforeEach, describe, expect, test } from 'vitest';
import type { ErrorData } from '#lib/base/errors.ts';
import { getSpent } from '#lib/collection/store/runs.ts';
import type { Inspection, OnWait } from '#lib/workers/inspect-request.ts';
import { freshDatabase } from '../store/support.ts';
import { makeEmbedding, manyTexts, NEVER, stageTexts, standIn, vectorsOf } from './support.ts';

const server = standIn('queries');
beforeEach(() => server.reset());

const MODEL = 'text-embedding-3-small';

async function setUp() {
  const db = await freshDatabase();
  return { db, api: makeEmbedding(db, server.baseUrl) };
}

/** What the worker posts: a value beside what moves with it. */
function posted(inspection: Inspection): Inspection {
  return (inspection as unknown as { value: Inspection }).value;
}

describe('an inspected request', () => {
  test('shows what came back, is counted as spent, and is bought again each time', async () => {
    const { db, api } = await setUp();
    const request = { inputs: ['a glacier', 'a baker'], model: MODEL, dimensions: 256 };
    const first = posted(await api.inspect('openai', request, NEVER, () => {}));
    expect(first.dimensions).toBe(256);
    expect(first.values).toHaveLength(512);
    expect(first.reply).toMatchObject({ status: 200, body: { object: 'list', model: MODEL } });
    await api.inspect('openai', request, NEVER, () => {});
    expect(await server.requests()).toHaveLength(2);
    expect((await getSpent(db)).tokens).toBe(2 * first.tokens);
  });

  test('tells each refusal that is waited out, and when it goes on', async () => {
    const { api } = await setUp();
    await server.control({
      action: 'fault',
      fault: { kind: 'rate-limit', ms: 300, retryAfter: 'milliseconds' }
    });
    const waits: { until: number | null; refusal: ErrorData | null }[] = [];
    const onWait: OnWait = (until, refusal) => waits.push({ until, refusal });
    const request = { inputs: ['patience'], model: MODEL };
    expect(posted(await api.inspect('openai', request, NEVER, onWait)).tokens).toBeGreaterThan(0);
    const refused = waits.find(({ refusal }) => refusal !== null)!;
    expect(refused.until).toBeGreaterThan(0);
    expect(refused.refusal).toMatchObject({
      code: 'rate-limit',
      detail: { reply: { status: 429, body: { error: { code: 'rate_limit_exceeded' } } } }
    });
    expect(waits.at(-1)).toEqual({ until: null, refusal: null });
  });

  test('that fails has the reply with its error', async () => {
    const { api } = await setUp();
    const request = { inputs: ['x'], model: 'no-such-model' };
    await expect(api.inspect('openai', request, NEVER, () => {})).rejects.toMatchObject({
      code: 'model',
      detail: { reply: { status: 404 } }
    });
  });

  test('can be called off while it waits', async () => {
    const { api } = await setUp();
    await server.control({
      action: 'fault',
      fault: { kind: 'rate-limit', ms: 60_000, retryAfter: 'seconds' }
    });
    const giveUp = new AbortController();
    const onWait: OnWait = (until) => {
      if (until !== null) giveUp.abort();
    };
    const request = { inputs: ['x'], model: MODEL };
    await expect(api.inspect('openai', request, giveUp.signal, onWait)).rejects.toMatchObject({
      code: 'cancelled'
    });
  });
});

describe('a kept key', () => {
  const PASSPHRASE = 'correct horse battery';

  test('is opened for its own address only', async () => {
    const { db, api } = await setUp();
    await api.keepKey('compatible', PASSPHRASE);
    const again = makeEmbedding(db, server.baseUrl, '');
    const elsewhere = 'https://elsewhere.example/v1';
    await expect(again.unlockKey('compatible', PASSPHRASE, elsewhere)).rejects.toMatchObject({
      code: 'no-kept-key'
    });
    await again.unlockKey('compatible', PASSPHRASE, server.baseUrl);
    expect((await again.probe('compatible', MODEL, NEVER)).dimensions).toBe(1536);
  });

  test('of one provider stays when that of another is forgotten', async () => {
    const { db, api } = await setUp();
    await api.keepKey('compatible', PASSPHRASE);
    await api.keepKey('openai', PASSPHRASE);
    await api.forgetKey('openai', false);
    await expect(api.unlockKey('openai', PASSPHRASE, null)).rejects.toMatchObject({
      code: 'no-kept-key'
    });
    await makeEmbedding(db, server.baseUrl).unlockKey('compatible', PASSPHRASE, server.baseUrl);
  });

  test('that is locked or forgotten in the middle of a run ends the run, and what is embedded stays', async () => {
    const { db, api } = await setUp();
    const id = await stageTexts(db, manyTexts(640, 'row'), server.space);
    const slow = { kind: 'latency' as const, ms: 150 };
    await server.control({ action: 'fault', containing: 'row', fault: slow });
    const begun = Promise.withResolvers<undefined>();
    const running = api.run(id, false, ({ rowsDone }) => {
      if (rowsDone > 0) begun.resolve(undefined);
    });
    await begun.promise;
    await api.forgetKey('compatible', true);
    const outcome = await running;
    expect(outcome).toMatchObject({ state: 'stopped', error: { code: 'key' } });
    const kept = (await vectorsOf(db, id)).size;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(640);
  });
});

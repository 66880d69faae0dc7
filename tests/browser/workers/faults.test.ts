import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { toErrorData } from '#lib/base/errors.ts';
import type { Space } from '#lib/base/space.ts';
import { countRows } from '#lib/collection/store/collections.ts';
import { getRun, getSpent } from '#lib/collection/store/runs.ts';
import type { RunOutcome } from '#lib/embedding/run.ts';
import { EmbeddingApi } from '#lib/workers/embedding-api.ts';
import type { Fault } from '../../support/openai-server.ts';
import { freshDatabase } from '../store/support.ts';
import {
  KEY,
  makeEmbedding,
  manyTexts,
  NEVER,
  NO_PROGRESS,
  smallSpace,
  stageTexts,
  standIn
} from './support.ts';

const server = standIn('faults');
beforeEach(() => server.reset());

interface Setting {
  baseUrl?: string;
  apiKey?: string;
  space?: Space;
  fault?: Fault;
}

/** A run over three rows at an endpoint that is not as it should be. */
async function runWith({ baseUrl = server.baseUrl, apiKey, space, fault }: Setting) {
  const db = await freshDatabase();
  const api = makeEmbedding(db, baseUrl, apiKey);
  const id = await stageTexts(db, manyTexts(3), space ?? smallSpace());
  if (fault) await server.control({ action: 'fault', every: 1, fault });
  const outcome = await settled(api.run(id, false, NO_PROGRESS));
  return { db, api, id, outcome };
}

/** Waits for a run whose waiting between tries takes no time. */
async function settled(running: Promise<RunOutcome>): Promise<RunOutcome> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  let over = false;
  void running.finally(() => (over = true)).catch(() => undefined);
  while (!over) await vi.advanceTimersByTimeAsync(100);
  vi.useRealTimers();
  return running;
}

describe('a run stops, and its rows stay pending,', () => {
  test.each<[string, Setting, string, string]>([
    [
      'when the key is wrong',
      { apiKey: 'sk-wrong-and-secret' },
      'key',
      'The endpoint did not accept the API key'
    ],
    [
      'when there is no credit left',
      { fault: { kind: 'quota' } },
      'quota',
      'The account has no credit left'
    ],
    [
      'when the model is not on offer',
      { space: { ...smallSpace(), model: 'text-embedding-9' } },
      'model',
      'The endpoint does not offer this model (404)'
    ],
    [
      'when the country is not served',
      { fault: { kind: 'forbidden' } },
      'forbidden',
      'The endpoint refused the request (403)'
    ],
    [
      'when the endpoint can’t be reached',
      { baseUrl: 'http://127.0.0.1:9/v1' },
      'unreachable',
      "127.0.0.1:9 can't be reached."
    ],
    [
      'when its vectors have other dimensions',
      { fault: { kind: 'wrong-dimensions' } },
      'dimensions',
      'The model answered with 1537 dimensions instead of 1536.'
    ]
  ])('%s', async (_, setting, code, sentence) => {
    const { db, id, outcome } = await runWith(setting);
    expect(outcome).toMatchObject({ state: 'stopped', rowsDone: 0, rowsFailed: 0 });
    expect(outcome.error).toMatchObject({ name: 'ProviderError', code });
    expect(outcome.error!.message).toContain(sentence);
    expect(outcome.error!.next).not.toBe('');
    expect(await countRows(db, id)).toEqual({ live: 0, pending: 3 });
    expect((await getRun(db, id)).failed).toEqual([]);
    expect(JSON.stringify(outcome)).not.toContain(setting.apiKey ?? KEY);
  });

  test('when no provider is set up', async () => {
    const db = await freshDatabase();
    const api = new EmbeddingApi(() => Promise.resolve(db));
    for (const space of [smallSpace(), server.space]) {
      const id = await stageTexts(db, manyTexts(3), space);
      const refused = api.run(id, false, NO_PROGRESS);
      await expect(refused).rejects.toMatchObject({ name: 'ProviderError', code: 'key' });
      await expect(refused).rejects.toThrow(
        /needs an OpenAI API key|no connection to it is set up/
      );
      expect(await countRows(db, id)).toEqual({ live: 0, pending: 3 });
    }
    expect(await server.requests()).toEqual([]);
  });
});

test('and goes on once the key is right', async () => {
  const { db, api, id } = await runWith({ apiKey: 'sk-wrong' });
  api.setCredentials({ provider: 'openai', baseUrl: server.baseUrl, apiKey: KEY });
  expect(await api.run(id, false, NO_PROGRESS)).toMatchObject({ state: 'done', rowsDone: 3 });
  expect(await countRows(db, id)).toEqual({ live: 3, pending: 0 });
});

test.each<Fault>([{ kind: 'not-json' }, { kind: 'nan' }, { kind: 'wrong-count' }])(
  'answers that stay malformed ($kind) stop the run, and what they cost is counted',
  async (fault) => {
    const { db, api, id, outcome } = await runWith({ fault });
    expect(outcome).toMatchObject({
      state: 'stopped',
      rowsDone: 0,
      rowsFailed: 0,
      error: { name: 'ProviderError', code: 'malformed' }
    });
    expect(await countRows(db, id)).toEqual({ live: 0, pending: 3 });
    const { failed, requests } = await getRun(db, id);
    expect(failed).toEqual([]);
    expect(requests).toBe(6);
    const tokens = (await server.requests()).reduce((sum, request) => sum + request.tokens, 0);
    expect((await getSpent(db)).tokens).toBe(tokens);
    await server.control({ action: 'clear' });
    expect(await api.run(id, false, NO_PROGRESS)).toMatchObject({ state: 'done', rowsDone: 3 });
  }
);

test('an address that is none is told when it is used, and disturbs no other provider', async () => {
  const db = await freshDatabase();
  const api = makeEmbedding(db, server.baseUrl);
  api.setCredentials({ provider: 'compatible', baseUrl: 'not an address', apiKey: '' });
  await expect(api.probe('compatible', 'm', NEVER)).rejects.toMatchObject({ code: 'base-url' });
  await expect(api.embedQuery('q', server.space, NEVER)).rejects.toMatchObject({ code: 'key' });
  expect((await api.probe('openai', 'text-embedding-3-small', NEVER)).dimensions).toBe(1536);
});

test('the key is in no store and no error, whatever goes wrong', async () => {
  const errors: unknown[] = [];
  const secret = 'sk-wrong-and-secret';
  const faults: (Fault | undefined)[] = [undefined, { kind: 'quota' }, { kind: 'forbidden' }];
  for (const fault of faults) {
    await server.reset();
    const apiKey = fault ? KEY : secret;
    const { db, api, id, outcome } = await runWith({ apiKey, ...(fault && { fault }) });
    errors.push(outcome);
    await api
      .embedQuery('q', smallSpace(), NEVER)
      .catch((e: unknown) => errors.push(toErrorData(e)));
    await api.probe('openai', 'none', NEVER).catch((e: unknown) => errors.push(toErrorData(e)));
    await server.reset();
    await api.run(id, true, NO_PROGRESS);
    const dump = await everythingIn(db);
    expect(dump).toContain('text number 2');
    for (const key of [KEY, secret]) expect(dump).not.toContain(key);
  }
  expect(errors).toHaveLength(9);
  for (const key of [KEY, secret]) expect(JSON.stringify(errors)).not.toContain(key);
});

/** All that a database holds, as text; bytes as the characters they would be. */
async function everythingIn(db: Awaited<ReturnType<typeof freshDatabase>>): Promise<string> {
  const parts: string[] = [];
  for (const store of db.objectStoreNames) {
    for (const key of await db.getAllKeys(store)) parts.push(JSON.stringify(key));
    for (const value of await db.getAll(store)) {
      parts.push(JSON.stringify(value));
      for (const part of Object.values(value)) {
        if (part instanceof Blob) parts.push(await part.text());
      }
    }
  }
  return parts.join('\n');
}

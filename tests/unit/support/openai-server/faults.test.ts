import OpenAI from 'openai';
import { describe, expect, test, vi } from 'vitest';
import { startOpenAIServer, type Fault } from '../../../support/openai-server.ts';
import { duration, RateLimiter } from '../../../support/openai-server/rate-limit.ts';
import { client, clientOf, embed, errorOf, MODEL, post, server } from './client.ts';

describe('a fault', () => {
  test.each<[Fault, new (...args: never[]) => Error, object]>([
    [{ kind: 'quota' }, OpenAI.RateLimitError, { status: 429, code: 'insufficient_quota' }],
    [
      { kind: 'forbidden' },
      OpenAI.PermissionDeniedError,
      { status: 403, code: 'unsupported_country_region_territory', type: 'request_forbidden' }
    ],
    [{ kind: 'server' }, OpenAI.InternalServerError, { status: 500, type: 'server_error' }],
    [{ kind: 'server', status: 503 }, OpenAI.InternalServerError, { status: 503 }],
    [
      { kind: 'server', status: 502, body: 'html' },
      OpenAI.InternalServerError,
      { status: 502, error: undefined, message: expect.stringContaining('<html>') }
    ],
    [{ kind: 'reset' }, OpenAI.APIConnectionError, { status: undefined }],
    [{ kind: 'truncated' }, TypeError, { message: 'terminated' }],
    [{ kind: 'not-json', contentType: 'application/json' }, SyntaxError, {}]
  ])('%j reaches the SDK as its own error', async (fault, type, properties) => {
    server.faults.next(fault);
    const error = await errorOf(embed());
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject(properties);
    expect(server.ledger.requests[0]!.fault).toBe(fault.kind);
  });

  test.each([
    ['seconds', { 'retry-after': '3' }],
    ['milliseconds', { 'retry-after-ms': '2500' }],
    ['absent', {}]
  ] as const)('rate-limit says when to come back: %s', async (retryAfter, expected) => {
    server.faults.next({ kind: 'rate-limit', retryAfter, ms: 2500 });
    const error = await errorOf(embed());
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error.code).toBe('rate_limit_exceeded');
    const sent = [...error.headers!].filter(([name]) => name.startsWith('retry-after'));
    expect(Object.fromEntries(sent)).toEqual(expected);
  });

  test('rate-limit says when to come back as a date that has not passed', async () => {
    const earliest = Date.now() + 2500;
    server.faults.next({ kind: 'rate-limit', retryAfter: 'date', ms: 2500 });
    const date = (await errorOf(embed())).headers!.get('retry-after')!;
    expect(new Date(date).toUTCString()).toBe(date);
    expect(Date.parse(date)).toBeGreaterThanOrEqual(earliest);
  });

  test('latency keeps the answer back, whatever else happens', async () => {
    server.faults.every(1, { kind: 'latency', ms: 60 });
    server.faults.next({ kind: 'quota' });
    const started = performance.now();
    expect(await errorOf(embed())).toBeInstanceOf(OpenAI.RateLimitError);
    expect(performance.now() - started).toBeGreaterThan(55);
  });

  test('slow spreads a right answer over its time', async () => {
    const expected = (await embed()).data;
    server.faults.next({ kind: 'slow', ms: 60 });
    const started = performance.now();
    expect((await embed()).data).toEqual(expected);
    expect(performance.now() - started).toBeGreaterThan(50);
  });

  test('not-json is text to the SDK when the content type says so', async () => {
    server.faults.next({ kind: 'not-json' });
    expect(await embed()).toEqual(expect.stringContaining('<html>'));
  });

  test('wrong-count leaves a vector out', async () => {
    server.faults.next({ kind: 'wrong-count', times: 2 });
    expect((await embed(['a', 'b', 'c'])).data).toHaveLength(2);
    expect((await embed('a')).data).toHaveLength(0);
  });

  test('wrong-order keeps every vector with its index', async () => {
    const expected = (await embed(['a', 'b', 'c'])).data;
    server.faults.next({ kind: 'wrong-order' });
    const { data } = await embed(['a', 'b', 'c']);
    expect(data).toEqual(expected.toReversed());
  });

  test('duplicate-index repeats one', async () => {
    server.faults.next({ kind: 'duplicate-index', times: 2 });
    expect((await embed(['a', 'b', 'c'])).data.map(({ index }) => index)).toEqual([0, 1, 0]);
    expect((await embed('a')).data.map(({ index }) => index)).toEqual([0, 0]);
  });

  test('nan spoils a value in both encodings', async () => {
    server.faults.next({ kind: 'nan', times: 2 });
    expect((await embed()).data[0]!.embedding[4]).toBeNaN();
    const float = await client.embeddings.create({
      model: MODEL,
      input: 'a',
      encoding_format: 'float'
    });
    expect(float.data[0]!.embedding.filter((value) => value === null)).toHaveLength(1);
  });

  test('zero empties a vector', async () => {
    server.faults.next({ kind: 'zero' });
    expect((await embed()).data[0]!.embedding).toEqual(Array(8).fill(0));
  });

  test('wrong-dimensions adds a value', async () => {
    server.faults.next({ kind: 'wrong-dimensions' });
    expect((await embed()).data[0]!.embedding).toHaveLength(9);
  });

  test('ignore-encoding sends numbers where base64 was asked', async () => {
    server.faults.next({ kind: 'ignore-encoding' });
    const response = await post({ model: MODEL, input: 'a', encoding_format: 'base64' });
    const { data } = (await response.json()) as { data: { embedding: unknown }[] };
    expect(data[0]!.embedding).toHaveLength(1536);
    expect(data[0]!.embedding).toBeInstanceOf(Array);
  });

  test('hang lasts until the server closes', async () => {
    const hanging = await startOpenAIServer();
    const { faults, ledger } = hanging;
    faults.next({ kind: 'hang', times: 2 });
    faults.next({ kind: 'latency', ms: 1e6 });
    const { embeddings } = clientOf(hanging);
    const errors = ['a', 'b', 'c'].map((input) =>
      errorOf(embeddings.create({ model: MODEL, input }))
    );
    await vi.waitFor(() =>
      expect(ledger.requests.filter(({ tokens }) => tokens > 0)).toHaveLength(3)
    );
    expect(ledger.peakInFlight).toBe(3);
    await hanging.close();
    for (const error of await Promise.all(errors)) {
      expect(error).toBeInstanceOf(OpenAI.APIConnectionError);
    }
    expect(ledger.requests.map(({ status }) => status)).toEqual([0, 0, 0]);
  });

  test('of an unknown kind is a mistake in the test', () => {
    const fault = { kind: 'flood' } as unknown as Fault;
    expect(() => server.faults.next(fault)).toThrow(TypeError);
  });
});

describe('faults come', () => {
  const statuses = async (...inputs: string[]) => {
    for (const input of inputs) await embed(input).catch(() => undefined);
    return server.ledger.requests.map(({ status }) => status);
  };

  test('in the order they were queued, as often as told, then no more', async () => {
    server.faults.next({ kind: 'server', times: 2 });
    server.faults.next({ kind: 'quota' });
    expect(await statuses('a', 'b', 'c', 'd')).toEqual([500, 500, 429, 200]);
  });

  test('to every n-th request', async () => {
    server.faults.every(2, { kind: 'server' });
    expect(await statuses('a', 'b', 'c', 'd')).toEqual([200, 500, 200, 500]);
  });

  test('to requests a rule is for', async () => {
    server.faults.when(({ texts }) => texts.includes('b'), { kind: 'server' });
    expect(await statuses('a', 'b', 'c')).toEqual([200, 500, 200]);
  });

  test('only to requests that are in order', async () => {
    server.faults.next({ kind: 'server' });
    expect(await statuses('', 'a', 'b')).toEqual([400, 500, 200]);
  });
});

describe('a rate limit', () => {
  test('lets through what fits and says how long the rest must wait', async () => {
    server.faults.limitRate({ tokensPerMinute: 3, retryAfter: 'seconds' });
    const first = await embed('hello world').withResponse();
    expect(first.response.headers.get('x-ratelimit-limit-tokens')).toBe('3');
    expect(first.response.headers.get('x-ratelimit-remaining-tokens')).toBe('1');
    const error = await errorOf(embed('hello world'));
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ code: 'rate_limit_exceeded', type: 'tokens' });
    expect(error.message).toMatch(/Limit 3, Used 2, Requested 2. Please try again in (20|1\d)/);
    expect(Number(error.headers!.get('retry-after'))).toBeGreaterThanOrEqual(10);
    expect(server.ledger.texts()).toEqual(['hello world']);
  });

  test('refills steadily, up to one period', () => {
    let now = 0;
    const limiter = new RateLimiter(
      { requestsPerSecond: 2, retryAfter: 'milliseconds' },
      () => now
    );
    const admit = () => limiter.admit(MODEL, 1);
    admit();
    admit();
    now = 100;
    expect(admit).toThrow(/Limit 2, Used 2, Requested 1. Please try again in 400ms/);
    expect(limiter.headers()['x-ratelimit-reset-requests']).toBe('900ms');
    now = 500;
    admit();
    now = 60_000;
    expect(limiter.headers()['x-ratelimit-remaining-requests']).toBe('2');
  });

  test('writes times as OpenAI does', () => {
    expect([6, 1500, 20_000, 360_000, 62_812].map(duration)).toEqual([
      '6ms',
      '1.5s',
      '20s',
      '6m0s',
      '1m2.812s'
    ]);
  });

  test('never lets through what is larger than itself', async () => {
    server.faults.limitRate({ tokensPerMinute: 1 });
    expect((await errorOf(embed('hello world'))).message).toMatch(/Request too large/);
  });
});

import { describe, expect, it } from 'vitest';
import type { ProviderError } from '#lib/base/errors.ts';
import { createOpenAIProvider } from '#lib/embedding/providers/openai.ts';
import { createBuiltInProvider } from '#lib/embedding/providers/built-in.ts';

const KEY = 'sk-secret-key-0123456789';
const BASE = 'https://server.example/v1';
const REQUEST = { inputs: ['a', 'b'], model: 'text-embedding-3-small' };

/** A provider of an endpoint that gives one reply, and what it was sent. */
function setUp(status: number, body: unknown, headers: Record<string, string> = {}, apiKey = KEY) {
  const sent: Record<string, unknown>[] = [];
  const provider = createOpenAIProvider({
    identity: 'compatible',
    apiKey,
    baseUrl: BASE,
    async fetch(_, init) {
      sent.push(JSON.parse(String(init!.body)));
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return new Response(text, {
        status,
        headers: { 'content-type': 'application/json', ...headers }
      });
    }
  });
  return { provider, sent };
}

function answer(...embeddings: unknown[]) {
  return {
    object: 'list',
    data: embeddings.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    model: REQUEST.model,
    usage: { prompt_tokens: 2, total_tokens: 2 }
  };
}

async function failure(work: Promise<unknown>): Promise<ProviderError> {
  return work.then(
    () => expect.fail('It did not fail.'),
    (error: ProviderError) => error
  );
}

describe('an inspected answer', () => {
  it('is asked for in numbers, and is shown as it came', async () => {
    const body = answer([3, 4], [0, 2]);
    const { provider, sent } = setUp(200, body, { 'x-request-id': 'req_1' });
    const inspected = await provider.inspect(REQUEST);
    expect(sent).toEqual([
      { model: REQUEST.model, input: REQUEST.inputs, encoding_format: 'float' }
    ]);
    expect(inspected.reply).toEqual({ status: 200, requestId: 'req_1', body });
    expect([...inspected.values]).toEqual([3, 4, 0, 2]);
    expect(inspected.tokens).toBe(2);
    expect(inspected.vectors[0]).toBeCloseTo(0.6, 6);
  });

  it.each(['x', 'data', 'embedding', '123', '0'])(
    'is read as it is with the dummy key %s',
    async (key) => {
      const { provider } = setUp(200, answer([0.6, 0.8], [0.123, 1]), {}, key);
      const inspected = await provider.inspect(REQUEST);
      expect([...inspected.values]).toEqual([0.6, 0.8, 0.123, 1].map(Math.fround));
    }
  );

  it('of one text is asked for by that text, not by a list', async () => {
    const { provider, sent } = setUp(200, answer([3, 4]));
    await provider.inspect({ ...REQUEST, inputs: ['a'], dimensions: 2 });
    expect(sent[0]).toMatchObject({ input: 'a', dimensions: 2 });
  });

  it('has its vectors in the order of the texts, though the endpoint mixed them', async () => {
    const body = answer([3, 4], [0, 2]);
    body.data.reverse();
    const { provider } = setUp(200, body);
    const { values, reply } = await provider.inspect(REQUEST);
    expect([...values]).toEqual([3, 4, 0, 2]);
    expect(reply.body).toEqual(body);
  });

  it('has its long lists of numbers as arrays of doubles, none of them changed', async () => {
    const long = Array.from({ length: 1536 }, (_, n) => Math.sin(n) / 7);
    const { provider } = setUp(200, answer(long));
    const { reply } = await provider.inspect({ ...REQUEST, inputs: ['a'] });
    const { data } = reply.body as { data: { embedding: Float64Array }[] };
    expect(data[0]!.embedding).toEqual(Float64Array.from(long));
  });

  it('of the built-in embedder has the same form', async () => {
    const { reply, values, dimensions } = await createBuiltInProvider().inspect({
      inputs: ['warm shoes', 'cold feet'],
      model: 'built-in'
    });
    expect(reply.body).toMatchObject({
      object: 'list',
      data: [
        { index: 0, embedding: Float64Array.from(values.subarray(0, dimensions)) },
        { index: 1 }
      ],
      usage: { total_tokens: 0 }
    });
  });
});

describe('a refusal', () => {
  it('is shown as it came, beside our own words', async () => {
    const body = {
      error: { message: 'Slow down.', type: 'requests', param: null, code: 'rate_limit_exceeded' }
    };
    const { provider } = setUp(429, body, { 'retry-after': '2' });
    const error = await failure(provider.inspect(REQUEST));
    expect(error.code).toBe('rate-limit');
    expect(error.detail).toMatchObject({ retryAfterMs: 2000, reply: { status: 429, body } });
  });

  it('that is a page is shown as a text, and not all of a long one', async () => {
    const { provider } = setUp(502, `<html>${'x'.repeat(1e6)}`);
    const { detail } = await failure(provider.inspect(REQUEST));
    const { body } = detail['reply'] as { body: string };
    expect(body.startsWith('<html>xxx')).toBe(true);
    expect(body.length).toBeLessThan(50_000);
  });

  it('never shows the key, wherever the endpoint quotes it', async () => {
    const body = { error: { message: `Bad ${KEY}.`, [KEY]: [KEY, { deep: KEY }], code: 'x' } };
    const { provider } = setUp(401, body, { 'x-request-id': KEY });
    const error = await failure(provider.inspect(REQUEST));
    expect(error.detail['reply']).toBeDefined();
    expect(JSON.stringify([error.message, error.next, error.detail])).not.toContain(KEY);
  });

  it('leaves no part of the key where a long page is cut', async () => {
    for (let cut = 0; cut < KEY.length; cut++) {
      const { provider } = setUp(500, `${'x'.repeat(20_000 - cut)}${KEY}`);
      const { detail } = await failure(provider.inspect(REQUEST));
      expect((detail['reply'] as { body: string }).body).not.toContain(KEY.slice(0, 4));
    }
  });

  it('never shows the key, though the endpoint writes it in another way', async () => {
    const escaped = [...KEY].map((letter) => `\\u00${letter.charCodeAt(0).toString(16)}`).join('');
    const { provider } = setUp(401, `{"error":{"message":"Is it ${escaped}?"}}`);
    const error = await failure(provider.inspect(REQUEST));
    expect(JSON.stringify([error.message, error.detail])).not.toContain(KEY);
    expect(error.detail['reply']).toMatchObject({ body: { error: { message: 'Is it •••?' } } });
  });

  it('of an answer that can’t be used has the answer', async () => {
    const body = answer([3, 4]);
    const { provider } = setUp(200, body);
    const error = await failure(provider.inspect(REQUEST));
    expect(error.code).toBe('malformed');
    expect(error.detail['reply']).toMatchObject({ status: 200, body });
  });

  it('that never came has no reply', async () => {
    const provider = createOpenAIProvider({
      identity: 'openai',
      apiKey: KEY,
      fetch: () => Promise.reject(new TypeError('Failed to fetch'))
    });
    const error = await failure(provider.inspect(REQUEST));
    expect(error.code).toBe('unreachable');
    expect(error.detail).not.toHaveProperty('reply');
  });
});

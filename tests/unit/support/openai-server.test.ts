import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { startOpenAIServer, TEST_KEY, type ControlMessage } from '../../support/openai-server.ts';
import { client, clientOf, embed, errorOf, MODEL, post, server } from './openai-server/client.ts';

async function vectorOf(text: string, model = MODEL, dimensions?: number): Promise<number[]> {
  const { data } = await client.embeddings.create({ model, input: text, dimensions });
  return data[0]!.embedding;
}

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

describe('an answer', () => {
  test('is a list of embeddings by index, with the tokens used', async () => {
    const response = await post({ model: MODEL, input: ['hello world', 'good'], dimensions: 2 });
    expect(await response.json()).toEqual({
      object: 'list',
      data: [0, 1].map((index) => ({
        object: 'embedding',
        index,
        embedding: [expect.any(Number), expect.any(Number)]
      })),
      model: MODEL,
      usage: { prompt_tokens: 3, total_tokens: 3 }
    });
  });

  test('carries the headers OpenAI documents', async () => {
    const { headers } = await post({ model: MODEL, input: 'a' });
    expect(headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/);
    expect(headers.get('openai-processing-ms')).toMatch(/^\d+$/);
    expect(headers.get('openai-version')).toBe('2020-10-01');
    for (const unit of ['requests', 'tokens']) {
      expect(headers.get(`x-ratelimit-limit-${unit}`)).toMatch(/^\d+$/);
      expect(headers.get(`x-ratelimit-remaining-${unit}`)).toMatch(/^\d+$/);
      expect(headers.get(`x-ratelimit-reset-${unit}`)).toMatch(/^\d+ms$/);
    }
  });

  test('has the same values as numbers and as base64', async () => {
    const input = 'the same text';
    const float = await client.embeddings.create({ model: MODEL, input, encoding_format: 'float' });
    expect(float.data[0]!.embedding).toEqual(await vectorOf(input));
  });

  test.each([
    ['text-embedding-3-small', 1536],
    ['text-embedding-3-large', 3072],
    ['text-embedding-ada-002', 1536]
  ])('of %s has %i dimensions and length 1', async (model, dimensions) => {
    const vector = await vectorOf('a text', model);
    expect(vector).toHaveLength(dimensions);
    expect(dot(vector, vector)).toBeCloseTo(1, 5);
  });

  test('lists the three models', async () => {
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual([
      'text-embedding-3-small',
      'text-embedding-3-large',
      'text-embedding-ada-002'
    ]);
  });
});

describe('vectors', () => {
  test('are the same in every server', async () => {
    const other = await startOpenAIServer();
    const { data } = await clientOf(other).embeddings.create({ model: MODEL, input: 'a text' });
    await other.close();
    expect(data[0]!.embedding).toEqual(await vectorOf('a text'));
    expect([...data[0]!.embedding].slice(0, 3).map((value) => value.toFixed(6)))
      .toMatchInlineSnapshot(`
      [
        "0.018861",
        "0.050810",
        "0.008133",
      ]
    `);
  });

  test('are nearer when texts share words, in any case', async () => {
    const query = await vectorOf('Red wool sweater');
    const near = dot(query, await vectorOf('a red scarf of wool'));
    const far = dot(query, await vectorOf('the quarterly tax report'));
    expect(near).toBeGreaterThan(far + 0.2);
    expect(far).toBeGreaterThan(0.05);
  });

  test('differ between models and between texts of the same words', async () => {
    const vector = await vectorOf('dog bites man');
    expect(dot(vector, await vectorOf('man bites dog'))).toBeLessThan(0.9999);
    expect(dot(vector, await vectorOf('dog bites man', 'text-embedding-ada-002'))).toBeLessThan(
      0.2
    );
  });

  test('are shortened by taking a prefix and normalising it again', async () => {
    const whole = await vectorOf('a red scarf', 'text-embedding-3-large');
    const short = await vectorOf('a red scarf', 'text-embedding-3-large', 256);
    const prefix = whole.slice(0, 256);
    const length = Math.sqrt(dot(prefix, prefix));
    expect(short).toHaveLength(256);
    prefix.forEach((value, i) => expect(short[i]).toBeCloseTo(value / length, 6));
  });

  test('of token ids are those of the text they stand for', async () => {
    const tokens = await client.embeddings.create({
      model: MODEL,
      input: [[15339, 1917], [15339]]
    });
    expect(tokens.data[0]!.embedding).toEqual(await vectorOf('hello world'));
    expect(tokens.data[1]!.embedding).toEqual(await vectorOf('hello'));
    const alone = await client.embeddings.create({ model: MODEL, input: [15339, 1917] });
    expect(alone.data.map(({ embedding }) => embedding)).toEqual([await vectorOf('hello world')]);
  });
});

describe('the ledger', () => {
  test('keeps what was asked, and counts what was answered', async () => {
    await embed(['a', 'b']);
    await embed('a');
    server.faults.next({ kind: 'server' });
    await errorOf(embed('c'));
    const { requests } = server.ledger;
    expect(requests[0]).toMatchObject({
      at: expect.any(Number),
      method: 'POST',
      path: '/v1/embeddings',
      model: MODEL,
      dimensions: 8,
      encoding: 'base64',
      inputs: ['a', 'b'],
      tokens: 2,
      status: 200,
      fault: null,
      headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' }
    });
    expect(requests.map(({ status }) => status)).toEqual([200, 200, 500]);
    expect(server.ledger.texts()).toEqual(['a', 'b', 'a']);
    expect(server.ledger.countOf('a')).toBe(2);
    expect(server.ledger.countOf('c')).toBe(0);
    expect(server.ledger.peakInFlight).toBe(1);
  });

  test('notes tokens as JSON, and what a refused request asked', async () => {
    await post({ model: 'other', input: [[1, 2], [3]] });
    await post({ model: MODEL, input: [1, 2], dimensions: 0 });
    expect(server.ledger.requests.map(({ inputs }) => inputs)).toEqual([
      ['[1,2]', '[3]'],
      ['[1,2]']
    ]);
    expect(server.ledger.requests.map(({ status }) => status)).toEqual([404, 400]);
  });

  test('does not count an answer that broke off', async () => {
    server.faults.next({ kind: 'truncated' });
    await errorOf(embed('a'));
    expect(server.ledger.requests[0]).toMatchObject({ inputs: ['a'], status: 0 });
    expect(server.ledger.texts()).toEqual([]);
  });
});

describe('a page of another origin', () => {
  const preflight = (url: string) =>
    fetch(`${url}/v1/embeddings`, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://a.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,x-stainless-os'
      }
    });

  test('may send the headers it asks for, and read none of the rate limits', async () => {
    const { status, headers } = await preflight(server.url);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-allow-methods')).toContain('POST');
    expect(headers.get('access-control-allow-headers')).toBe('authorization,x-stainless-os');
    const answer = await post({ model: MODEL, input: 'a' }, { origin: 'http://a.example' });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-expose-headers')).toBe('x-request-id');
  });

  test('is let in by name, and shown more headers, where the server is told so', async () => {
    const strict = await startOpenAIServer({
      corsOrigins: ['http://a.example'],
      exposeHeaders: ['retry-after']
    });
    const allowed = await preflight(strict.url);
    const [named, other] = await Promise.all(
      ['http://a.example', 'http://b.example'].map((origin) =>
        fetch(`${strict.baseUrl}/models`, { headers: { origin } })
      )
    );
    await strict.close();
    expect(allowed.headers.get('access-control-allow-origin')).toBe('http://a.example');
    expect(named!.headers.get('access-control-expose-headers')).toBe('retry-after');
    expect(other!.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('another process', () => {
  async function control(message: ControlMessage | { action: string }): Promise<Response> {
    const body = JSON.stringify(message);
    return fetch(`${server.url}/__control`, { method: 'POST', body });
  }

  test('orders and ends faults over HTTP', async () => {
    await control({ action: 'fault', fault: { kind: 'server', times: 1 } });
    await control({ action: 'fault', fault: { kind: 'quota' }, every: 2 });
    await control({ action: 'fault', fault: { kind: 'forbidden' }, containing: 'bad' });
    const codes = [];
    for (const input of ['a', 'b', 'a bad text', 'c']) {
      codes.push((await embed(input).catch((error: Error) => error)) as { status?: number });
    }
    expect(codes.map(({ status }) => status)).toEqual([500, 429, 403, 429]);
    await control({ action: 'clear' });
    await expect(embed('bad')).resolves.toHaveProperty('object', 'list');
    await control({ action: 'limit', limits: { tokensPerMinute: 1 } });
    await embed('a');
    expect(await errorOf(embed('a'))).toBeInstanceOf(OpenAI.RateLimitError);
  });

  test('reads the ledger, and may empty it', async () => {
    await embed('a');
    const read = await fetch(`${server.url}/__ledger`);
    expect(await read.json()).toMatchObject({
      requests: [{ inputs: ['a'], status: 200 }],
      peakInFlight: 1
    });
    await control({ action: 'ledger', clear: true });
    expect(server.ledger.requests).toEqual([]);
  });

  test('is told of a mistake', async () => {
    const response = await control({ action: 'dance' });
    expect(response.status).toBe(500);
    expect(await response.text()).toContain('no such action');
  });
});

test('runs on its own and prints its base URL', async () => {
  const file = fileURLToPath(new URL('../../support/openai-server.ts', import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { status } = await fetch(`${line.split(' ')[0]}/models`, {
    headers: { authorization: `Bearer ${TEST_KEY}` }
  });
  child.kill();
  await once(child, 'exit');
  expect(status).toBe(200);
});

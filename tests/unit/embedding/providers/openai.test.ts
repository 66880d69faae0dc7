import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CancelledError } from '#lib/base/errors.ts';
import { fetchOnly } from '#lib/embedding/providers/allowlist.ts';
import { createOpenAIProvider, type OpenAIOptions } from '#lib/embedding/providers/openai.ts';

const KEY = 'sk-secret-key-0123456789';
const SMALL = 'text-embedding-3-small';

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Record<string, unknown>;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Starts a server and returns its address. */
function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
    });
  });
}

interface Reply {
  status?: number;
  headers?: Record<string, string>;
  /** Sent as it is when a text, else as JSON. */
  body: unknown;
}

/** A provider of a server that gives these replies, the last one again and again. */
async function setUp(replies: Reply[], options: Partial<OpenAIOptions> = {}) {
  const seen: Seen[] = [];
  const baseUrl = await listen(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers, body: JSON.parse(text) });
    const {
      status = 200,
      headers: own,
      body
    } = replies[Math.min(seen.length, replies.length) - 1]!;
    const isText = typeof body === 'string';
    response.writeHead(status, {
      'content-type': isText ? 'text/html' : 'application/json',
      ...own
    });
    response.end(isText ? body : JSON.stringify(body));
  });
  const provider = createOpenAIProvider({ identity: 'openai', apiKey: KEY, baseUrl, ...options });
  return { provider, seen, baseUrl };
}

function vectors(...embeddings: number[][]): Reply {
  const data = embeddings.map((values, index) => ({
    object: 'embedding',
    index,
    embedding: Buffer.from(Float32Array.from(values).buffer).toString('base64')
  }));
  return {
    body: { object: 'list', data, model: SMALL, usage: { prompt_tokens: 5, total_tokens: 5 } }
  };
}

function refusal(status: number, error: unknown, headers: Record<string, string> = {}): Reply {
  return { status, headers, body: { error } };
}

describe('a request', () => {
  it('is a POST to /embeddings with the key, the inputs and base64, and no more', async () => {
    const { provider, seen } = await setUp([vectors([3, 4], [0, 2])]);
    const answer = await provider.embed({ inputs: ['a', 'b'], model: SMALL });
    expect(answer.dimensions).toBe(2);
    expect(answer.tokens).toBe(5);
    [0.6, 0.8, 0, 1].forEach((value, i) => expect(answer.vectors[i]).toBeCloseTo(value, 6));
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/v1/embeddings',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: { model: SMALL, input: ['a', 'b'], encoding_format: 'base64' }
    });
    expect(seen[0]!.body).not.toHaveProperty('dimensions');
    expect(Object.keys(seen[0]!.headers).filter((name) => name.startsWith('x-'))).toEqual([]);
  });

  it('asks for dimensions when told to', async () => {
    const { provider, seen } = await setUp([vectors([3, 4])]);
    await provider.embed({ inputs: ['a'], model: SMALL, dimensions: 2 });
    expect(seen[0]!.body.dimensions).toBe(2);
  });

  it("carries a course's placeholder unchanged", async () => {
    const apiKey = '<OPENAI_API_TOKEN>';
    const { provider, seen } = await setUp([vectors([3, 4])], { identity: 'course', apiKey });
    await provider.embed({ inputs: ['a'], model: SMALL });
    expect(seen[0]!.headers.authorization).toBe('Bearer <OPENAI_API_TOKEN>');
  });

  it('carries no authorization for a server that asks for none', async () => {
    const { provider, seen } = await setUp([vectors([3, 4])], {
      identity: 'compatible',
      apiKey: ''
    });
    await provider.embed({ inputs: ['a'], model: 'nomic-embed-text' });
    expect(seen[0]!.headers).not.toHaveProperty('authorization');
  });

  it('takes a key copied with blanks around it', async () => {
    const { provider, seen } = await setUp([vectors([3, 4])], { apiKey: ` ${KEY}\n` });
    await provider.embed({ inputs: ['a'], model: SMALL });
    expect(seen[0]!.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it('is answered in numbers by servers that know no base64', async () => {
    const body = { data: [{ index: 0, embedding: [0, 2] }] };
    const { provider } = await setUp([{ body }], { identity: 'compatible' });
    const answer = await provider.embed({ inputs: ['a'], model: 'm' });
    expect([...answer.vectors]).toEqual([0, 1]);
    expect(answer.tokens).toBe(0);
  });

  it('is sent again, asking for numbers, to a server that refuses base64', async () => {
    const refused = refusal(422, { message: 'encoding_format: only float is supported' });
    const { provider, seen } = await setUp([refused, vectors([3, 4])], { identity: 'compatible' });
    await provider.embed({ inputs: ['a'], model: 'm' });
    await provider.embed({ inputs: ['b'], model: 'm' });
    expect(seen.map(({ body }) => body.encoding_format)).toEqual(['base64', 'float', 'float']);
  });
});

describe('a request that can not be sent', () => {
  it.each(['', '   '])('has no key: %j', async (apiKey) => {
    const { provider, seen } = await setUp([vectors([3, 4])], { apiKey });
    await expect(provider.embed({ inputs: ['a'], model: SMALL })).rejects.toMatchObject({
      code: 'key'
    });
    expect(seen).toEqual([]);
  });

  it.each(['sk–dash', 'sk two', 'sk\nline'])('has a key that is none: %j', async (apiKey) => {
    const { provider, seen } = await setUp([vectors([3, 4])], { apiKey });
    const failed = provider.embed({ inputs: ['a'], model: SMALL });
    await expect(failed).rejects.toMatchObject({
      code: 'key',
      message: expect.not.stringContaining(apiKey)
    });
    expect(seen).toEqual([]);
  });

  it.each(['course', 'compatible'] as const)('has no address: %s', (identity) => {
    expect(() => createOpenAIProvider({ identity, apiKey: KEY })).toThrow(
      expect.objectContaining({ code: 'base-url' })
    );
  });
});

describe('an error', () => {
  it.each<[string, Reply, object]>([
    ['key', refusal(401, { message: 'Incorrect API key provided', code: 'invalid_api_key' }), {}],
    ['forbidden', refusal(403, { message: 'Country not supported' }), {}],
    ['model', refusal(404, { message: 'No such model', code: 'model_not_found' }), {}],
    ['quota', refusal(429, { message: 'Quota', type: 'insufficient_quota' }), {}],
    ['rate-limit', refusal(429, { message: 'Slow' }), {}],
    [
      'rate-limit',
      refusal(429, { message: 'Slow' }, { 'retry-after': '90' }),
      { retryAfterMs: 90_000 }
    ],
    [
      'rate-limit',
      refusal(429, { message: 'Slow' }, { 'retry-after-ms': '15' }),
      { retryAfterMs: 15 }
    ],
    ['input', refusal(400, { message: 'input cannot be an empty string', param: 'input' }), {}],
    [
      'dimensions',
      refusal(400, { message: 'This model does not support specifying dimensions.' }),
      {}
    ],
    ['server', refusal(500, { message: 'Sorry' }), {}],
    ['server', { status: 502, body: '<html>Bad gateway</html>' }, {}],
    ['model', { status: 404, body: '404 page not found' }, {}],
    ['model', refusal(404, 'model "m" not found'), {}],
    ['input', { status: 400, body: { object: 'error', message: 'too long', code: 400 } }, {}],
    ['malformed', { body: '<html>A page</html>' }, {}],
    ['malformed', { body: '{"data": [', headers: { 'content-type': 'application/json' } }, {}],
    ['malformed', vectors([3, 4], [1, 2]), {}],
    ['malformed', vectors([NaN, 4]), {}],
    ['dimensions', vectors([1, 2, 3]), {}]
  ])('is %s', async (code, reply, detail) => {
    const { provider, seen } = await setUp([reply]);
    const failed = provider.embed({ inputs: ['a'], model: SMALL, dimensions: 2 });
    await expect(failed).rejects.toMatchObject({ name: 'ProviderError', code, detail });
    // The run decides about more tries, not the SDK.
    expect(seen).toHaveLength(1);
  });

  it('tells how long a date is away', async () => {
    const date = new Date(Date.now() + 100_000).toUTCString();
    const { provider } = await setUp([refusal(429, { message: 'Slow' }, { 'retry-after': date })]);
    const error = await provider.embed({ inputs: ['a'], model: SMALL }).catch((reason) => reason);
    expect(error.detail.retryAfterMs).toBeGreaterThan(90_000);
    expect(error.detail.retryAfterMs).toBeLessThanOrEqual(100_000);
  });

  it('never shows the key, even when the endpoint repeats it', async () => {
    const { provider } = await setUp([
      refusal(401, { message: `Incorrect API key provided: ${KEY}.` })
    ]);
    const error = await provider.embed({ inputs: ['a'], model: SMALL }).catch((reason) => reason);
    expect(error.message).toContain('Incorrect API key provided: •••.');
    expect(JSON.stringify([error, error.message, error.stack, error.cause])).not.toContain(KEY);
  });

  it('shows no part of a key that stands where the quotation is cut', async () => {
    for (const before of [280, 290, 298]) {
      const message = `${'x'.repeat(before)}${KEY} is wrong`;
      const { provider } = await setUp([refusal(401, { message })]);
      const error = await provider.embed({ inputs: ['a'], model: SMALL }).catch((reason) => reason);
      expect(error.message).toContain('x•');
      expect(error.message).not.toContain(KEY.slice(0, 2));
    }
  });

  it('is short even when the endpoint answers with a page', async () => {
    const { provider } = await setUp([{ status: 500, body: 'long '.repeat(10_000) }]);
    const error = await provider.embed({ inputs: ['a'], model: SMALL }).catch((reason) => reason);
    expect(error.message.length).toBeLessThan(400);
  });

  it('is unreachable when nobody listens', async () => {
    const { baseUrl } = await setUp([vectors([1])]);
    const server = servers.pop()!;
    await new Promise((resolve) => server.close(resolve));
    const provider = createOpenAIProvider({ identity: 'compatible', apiKey: '', baseUrl });
    await expect(provider.embed({ inputs: ['a'], model: 'm' })).rejects.toMatchObject({
      code: 'unreachable',
      next: expect.stringContaining('Is the server running')
    });
  });

  it('is malformed when the answer breaks off', async () => {
    const baseUrl = await listen((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"data": [', () => response.destroy());
    });
    const provider = createOpenAIProvider({ identity: 'openai', apiKey: KEY, baseUrl });
    await expect(provider.embed({ inputs: ['a'], model: SMALL })).rejects.toMatchObject({
      code: 'malformed'
    });
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['only a beginning', '{"data": [']
  ])('is a timeout when %s comes', async (_, beginning) => {
    const baseUrl = await listen((_, response) => {
      if (!beginning) return;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(beginning);
    });
    const provider = createOpenAIProvider({
      identity: 'openai',
      apiKey: KEY,
      baseUrl,
      timeoutMs: 50
    });
    await expect(provider.embed({ inputs: ['a'], model: SMALL })).rejects.toMatchObject({
      code: 'timeout'
    });
  });
});

describe('cancelling', () => {
  it('ends a request in flight', async () => {
    const controller = new AbortController();
    const baseUrl = await listen(() => controller.abort());
    const provider = createOpenAIProvider({ identity: 'openai', apiKey: KEY, baseUrl });
    const request = provider.embed({ inputs: ['a'], model: SMALL }, controller.signal);
    await expect(request).rejects.toThrow(CancelledError);
  });

  it('ends an answer that is under way', async () => {
    const controller = new AbortController();
    const baseUrl = await listen((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"data": [', () => controller.abort());
    });
    const provider = createOpenAIProvider({ identity: 'openai', apiKey: KEY, baseUrl });
    const request = provider.embed({ inputs: ['a'], model: SMALL }, controller.signal);
    await expect(request).rejects.toThrow(CancelledError);
  });

  it('sends nothing when it came first', async () => {
    const { provider, seen } = await setUp([vectors([3, 4])]);
    const request = provider.embed({ inputs: ['a'], model: SMALL }, AbortSignal.abort());
    await expect(request).rejects.toThrow(CancelledError);
    expect(seen).toEqual([]);
  });
});

describe('the one address', () => {
  it('is the only one that is called', async () => {
    const called: string[] = [];
    const only = fetchOnly('https://a.test/v1/embeddings', async (url) => {
      called.push(String(url));
      return new Response();
    });
    await only('https://a.test/v1/embeddings', { method: 'POST' });
    for (const url of [
      'https://a.test/v1/models',
      'https://b.test/v1/embeddings',
      'https://a.test/v1/embeddings?x=1',
      new URL('https://a.test/'),
      new Request('https://b.test/')
    ]) {
      await expect(only(url)).rejects.toMatchObject({ code: 'forbidden' });
    }
    expect(called).toEqual(['https://a.test/v1/embeddings']);
  });

  it('is not left by a redirect, which would take the key along', async () => {
    const other = await setUp([vectors([3, 4])]);
    const location = `${other.baseUrl}/embeddings`;
    const { provider } = await setUp([{ status: 307, headers: { location }, body: '' }]);
    await expect(provider.embed({ inputs: ['a'], model: SMALL })).rejects.toMatchObject({
      code: 'unreachable'
    });
    expect(other.seen).toEqual([]);
  });

  it("is OpenAI's own unless another is given", async () => {
    const called: string[] = [];
    const fetch: typeof globalThis.fetch = async (url) => {
      called.push(String(url));
      return Response.json(vectors([3, 4]).body);
    };
    const provider = createOpenAIProvider({ identity: 'openai', apiKey: KEY, fetch });
    await provider.embed({ inputs: ['a'], model: SMALL });
    expect(called).toEqual(['https://api.openai.com/v1/embeddings']);
  });
});

describe('limits', () => {
  it('are those of OpenAI, and lower for proxies and servers we do not know', () => {
    const baseUrl = 'http://localhost:1/v1';
    const limits = (identity: OpenAIOptions['identity']) =>
      createOpenAIProvider({ identity, apiKey: KEY, baseUrl }).limits;
    const openai = {
      maxInputs: 2048,
      maxInputTokens: 8191,
      maxRequestTokens: 250_000,
      concurrency: 4
    };
    expect(limits('openai')).toEqual(openai);
    expect(limits('course')).toEqual({ ...openai, maxInputs: 512, maxRequestBytes: 1_900_000 });
    expect(limits('compatible')).toEqual({
      maxInputs: 64,
      maxInputTokens: 8191,
      maxRequestTokens: 100_000,
      concurrency: 2
    });
  });
});

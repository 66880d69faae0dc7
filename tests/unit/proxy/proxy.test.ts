import type { APIError } from 'openai';
import OpenAI, { AuthenticationError, BadRequestError, RateLimitError } from 'openai';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../support/openai-server.ts';
import { ORIGIN, startTestProxy, UPSTREAM_KEY, type TestProxy } from '../../support/proxy.ts';

const TOKEN = '<OPENAI_API_TOKEN>';
const MODEL = 'text-embedding-3-small';

/** What the proxy sends, and what any HTTP client adds. */
const UPSTREAM_HEADERS = [
  'authorization',
  'content-type',
  'accept',
  'user-agent',
  'host',
  'connection',
  'content-length',
  'accept-language',
  'accept-encoding',
  'sec-fetch-mode'
];

let proxy: TestProxy;
afterEach(() => proxy.close());

const client = (apiKey = TOKEN) =>
  new OpenAI({ apiKey, baseURL: `${proxy.url}/v1`, maxRetries: 0 });

/** A bare request; `init` wins over what a proper one has. */
function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${proxy.url}/v1/embeddings`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/json',
      ...headers
    },
    body: typeof body === 'string' ? body : JSON.stringify(body)
  });
}

const codeOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string } }).error.code;

describe('the official client', () => {
  beforeEach(async () => void (proxy = await startTestProxy()));

  it('embeds a text and texts, in both encodings and fewer dimensions, with the placeholder token', async () => {
    const one = await client().embeddings.create({ model: MODEL, input: 'hello' });
    expect(one.data[0]!.embedding).toHaveLength(1536);
    expect(one.usage.total_tokens).toBeGreaterThan(0);
    const many = await client().embeddings.create({
      model: MODEL,
      input: ['hello', 'world'],
      dimensions: 256,
      encoding_format: 'float'
    });
    expect(many.data.map(({ embedding }) => embedding.length)).toEqual([256, 256]);
    const base64 = await post({ model: MODEL, input: 'hello', encoding_format: 'base64' });
    const answer = (await base64.json()) as { data: { embedding: string }[] };
    expect(typeof answer.data[0]!.embedding).toBe('string');
    // The upstream saw the operator's key, and nothing of the SDK's own headers.
    for (const { headers, headerNames } of proxy.upstream.ledger.requests) {
      expect(headers['authorization']).toBe(`Bearer ${UPSTREAM_KEY}`);
      expect(headerNames.filter((name) => !UPSTREAM_HEADERS.includes(name))).toEqual([]);
    }
  });

  it('meets the errors it knows: rate limit with its pause, wrong token, wrong request', async () => {
    proxy.upstream.faults.next({ kind: 'rate-limit', ms: 3000, retryAfter: 'seconds' });
    const limited = await client()
      .embeddings.create({ model: MODEL, input: 'x' })
      .catch((error: unknown) => error);
    expect(limited).toBeInstanceOf(RateLimitError);
    expect((limited as APIError).headers?.get('retry-after')).toBe('3');
    await expect(
      client('something').embeddings.create({ model: MODEL, input: 'x' })
    ).rejects.toBeInstanceOf(AuthenticationError);
    await expect(client().embeddings.create({ model: MODEL, input: '' })).rejects.toBeInstanceOf(
      BadRequestError
    );
    expect(proxy.upstream.ledger.requests).toHaveLength(1);
  });

  it('is told when the upstream does not accept the operator’s key, without a word of it', async () => {
    await proxy.close();
    proxy = await startTestProxy({ OPENAI_API_KEY: 'sk-wrong-canary' });
    const error = (await client()
      .embeddings.create({ model: MODEL, input: 'x' })
      .catch((thrown: unknown) => thrown)) as APIError;
    expect([error.status, error.code]).toEqual([503, 'proxy_misconfigured']);
    expect(JSON.stringify(error)).not.toContain('canary');
  });
});

describe('a request', () => {
  beforeEach(async () => void (proxy = await startTestProxy()));

  const REFUSED: [string, unknown, Record<string, string>, number, string][] = [
    [
      'another token',
      { model: MODEL, input: 'x' },
      { authorization: 'Bearer x' },
      401,
      'invalid_token'
    ],
    ['no token', { model: MODEL, input: 'x' }, { authorization: '' }, 401, 'invalid_token'],
    [
      'a real key',
      { model: MODEL, input: 'x' },
      { authorization: 'Bearer sk-proj-1' },
      401,
      'real_key_refused'
    ],
    [
      'a form',
      'input=x',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type'
    ],
    [
      'compression',
      { model: MODEL, input: 'x' },
      { 'content-encoding': 'gzip' },
      415,
      'unsupported_media_type'
    ],
    ['no JSON', '{"input":', {}, 400, 'invalid_json'],
    ['a list', '[]', {}, 400, 'invalid_json'],
    ['deep JSON', '['.repeat(200_000), {}, 400, 'invalid_json'],
    ['another parameter', { model: MODEL, input: 'x', stream: true }, {}, 400, 'unknown_parameter'],
    ['another model', { model: 'gpt-4', input: 'x' }, {}, 404, 'model_not_found'],
    ['no input', { model: MODEL }, {}, 400, 'invalid_input'],
    ['an empty list', { model: MODEL, input: [] }, {}, 400, 'invalid_input'],
    ['an empty text', { model: MODEL, input: ['x', ''] }, {}, 400, 'invalid_input'],
    ['mixed inputs', { model: MODEL, input: ['x', 5] }, {}, 400, 'invalid_input'],
    ['too many inputs', { model: MODEL, input: Array(513).fill('x') }, {}, 400, 'invalid_input'],
    [
      'too many dimensions',
      { model: MODEL, input: 'x', dimensions: 1537 },
      {},
      400,
      'invalid_dimensions'
    ],
    [
      'dimensions of ada',
      { model: 'text-embedding-ada-002', input: 'x', dimensions: 256 },
      {},
      400,
      'invalid_dimensions'
    ],
    [
      'another encoding',
      { model: MODEL, input: 'x', encoding_format: 'hex' },
      {},
      400,
      'invalid_encoding_format'
    ],
    ['too long a body', { model: MODEL, input: 'x'.repeat(2_000_001) }, {}, 413, 'body_too_large'],
    [
      'another origin',
      { model: MODEL, input: 'x' },
      { origin: 'https://evil.example' },
      403,
      'origin_not_allowed'
    ],
    ['a null origin', { model: MODEL, input: 'x' }, { origin: 'null' }, 403, 'origin_not_allowed']
  ];

  it.each(REFUSED)(
    'with %s is refused, and goes no further',
    async (_, body, headers, status, code) => {
      const response = await post(body, headers);
      expect([response.status, await codeOf(response)]).toEqual([status, code]);
      expect(proxy.upstream.ledger.requests).toHaveLength(0);
    }
  );

  it('of other methods or paths is refused', async () => {
    const response = await fetch(`${proxy.url}/v1/embeddings`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    for (const path of ['/', '/v1/models', '/v1/embeddings/', '/v1/embeddings/../chat']) {
      expect((await fetch(proxy.url + path)).status).toBe(404);
    }
  });

  it('is built anew: nothing but what is allowed reaches the upstream', async () => {
    const odd = `{"user":"me","input":["a\\u0000b","x"],"dimensions":8,"__proto__":null,"model":"${MODEL}"}`;
    expect((await post(odd)).status).toBe(400);
    const response = await post(odd.replace('"__proto__":null,', ''), {
      'x-forwarded-for': '1.2.3.4'
    });
    expect(response.status).toBe(200);
    const [{ inputs, dimensions, parameters, headerNames }] = proxy.upstream.ledger.requests as [
      LedgerEntry
    ];
    expect([inputs, dimensions, parameters]).toEqual([
      ['a\0b', 'x'],
      8,
      ['model', 'input', 'dimensions']
    ]);
    expect(headerNames).not.toContain('x-forwarded-for');
  });

  it('from a page of an allowed origin may be read there, whatever headers its SDK sends', async () => {
    const preflight = await fetch(`${proxy.url}/v1/embeddings`, {
      method: 'OPTIONS',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-stainless-os'
      }
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('x-stainless-os');
    const response = await post({ model: MODEL, input: 'x' }, { origin: ORIGIN });
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(response.headers.get('access-control-expose-headers')).toContain('retry-after');
    const refused = await post({ model: MODEL, input: '' }, { origin: ORIGIN });
    expect(refused.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });

  it('without an origin is refused where programs are not allowed', async () => {
    await proxy.close();
    proxy = await startTestProxy({ PROXY_WITHOUT_ORIGIN: 'no' });
    const response = await post({ model: MODEL, input: 'x' });
    expect([response.status, await codeOf(response)]).toEqual([403, 'origin_not_allowed']);
  });
});

describe('limits', () => {
  it('hold the pace of one client, and say when to come back', async () => {
    proxy = await startTestProxy({ PROXY_REQUESTS_PER_MINUTE: '60', PROXY_BURST: '3' });
    const all = await Promise.all(
      Array.from({ length: 200 }, () => post({ model: MODEL, input: 'x' }))
    );
    const granted = all.filter(({ status }) => status === 200);
    // One more may have come by while they were asked.
    expect(granted.length).toBeLessThanOrEqual(5);
    const refused = all.find(({ status }) => status === 429)!;
    expect(await codeOf(refused)).toBe('rate_limit_exceeded');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(proxy.upstream.ledger.requests).toHaveLength(granted.length);
  });

  it('count a day’s tokens before the upstream is asked, whoever asks at once, and through a kill', async () => {
    proxy = await startTestProxy({
      PROXY_DAILY_TOKENS: '1000',
      PROXY_DAILY_TOKENS_PER_CLIENT: '1000',
      PROXY_CONCURRENCY: '300'
    });
    const text = 'one two three four five six seven eight nine ten';
    const ask = () =>
      Promise.all(Array.from({ length: 200 }, () => post({ model: MODEL, input: text })));
    const first = await ask();
    expect(first.some(({ status }) => status === 200)).toBe(true);
    await proxy.restart();
    const second = await ask();
    const spent = proxy.upstream.ledger.requests.reduce((sum, { tokens }) => sum + tokens, 0);
    expect(spent).toBeLessThanOrEqual(1000);
    const refused = [...first, ...second].find(({ status }) => status === 429)!;
    expect(await codeOf(refused)).toBe('daily_budget_exceeded');
  });

  it('tell what is left, in headers and by a health route', async () => {
    proxy = await startTestProxy({ PROXY_DAILY_TOKENS_PER_CLIENT: '5000' });
    const response = await post({ model: MODEL, input: 'hello there' });
    await response.text();
    expect(Number(response.headers.get('x-ratelimit-remaining-tokens'))).toBeLessThan(5000);
    expect(Number(response.headers.get('x-ratelimit-remaining-requests'))).toBeGreaterThan(0);
    const health = (await (await fetch(`${proxy.url}/v1/health`)).json()) as {
      ready: boolean;
      limits: { maxInputs: number };
      left: { tokens: number };
    };
    expect(health).toMatchObject({ ready: true, limits: { maxInputs: 512, dailyTokens: 5000 } });
    expect(health.left.tokens).toBe(5000 - proxy.upstream.ledger.requests[0]!.tokens);
  });

  it('let no more than so many requests wait for the upstream, and give each place back', async () => {
    proxy = await startTestProxy({ PROXY_CONCURRENCY: '2' });
    for (let n = 0; n < 2; n++) proxy.upstream.faults.next({ kind: 'latency', ms: 300 });
    const all = await Promise.all(
      Array.from({ length: 10 }, () => post({ model: MODEL, input: 'x' }))
    );
    expect(all.filter(({ status }) => status === 503).length).toBeGreaterThan(0);
    await Promise.all(all.map((response) => response.text()));
    for (let n = 0; n < 5; n++) {
      const response = await post({ model: MODEL, input: 'x' });
      expect(response.status).toBe(200);
      await response.text();
    }
  });

  it('keep a client that sends for ever from costing others anything', async () => {
    proxy = await startTestProxy({ PROXY_CONCURRENCY: '1' });
    const { port } = new URL(proxy.url);
    const sockets = Array.from({ length: 50 }, () => connect(Number(port), '127.0.0.1'));
    for (const socket of sockets) {
      socket.on('error', () => {});
      socket.write(
        `POST /v1/embeddings HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n`
      );
    }
    const response = await post({ model: MODEL, input: 'x' });
    expect(response.status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });
});

it('the log and all answers hold neither key, nor token, nor text', async () => {
  proxy = await startTestProxy();
  const answers: string[] = [];
  const keep = async (response: Promise<Response>) => {
    const { headers, text } = await response.then(async (r) => ({
      headers: [...r.headers],
      text: await r.text()
    }));
    answers.push(JSON.stringify(headers), text);
  };
  await keep(post({ model: MODEL, input: 'canary-text' }));
  await keep(post({ model: MODEL, input: 'canary-text', dimensions: 'canary-text' }));
  await keep(post('canary-text'));
  await keep(post({ model: 'canary-text', input: 'x' }));
  await keep(post({ model: MODEL, input: 'x' }, { authorization: 'Bearer sk-canary-text' }));
  for (const kind of ['server', 'reset', 'not-json', 'forbidden'] as const) {
    proxy.upstream.faults.next({ kind });
    await keep(post({ model: MODEL, input: 'canary-text' }));
  }
  const all = answers.join('\n') + JSON.stringify(proxy.log);
  expect(all).not.toContain('canary');
  expect(proxy.log.map(({ status }) => status)).toEqual([
    200, 400, 400, 404, 401, 502, 502, 502, 503
  ]);
});

import { describe, expect, it } from 'vitest';
import { refusalError } from '#lib/embedding/providers/failure.ts';
import { readProxyHealth, readTokensLeft } from '#lib/embedding/providers/proxy-health.ts';
import { startTestProxy } from '../../../support/proxy.ts';

const NOW = Date.UTC(2026, 10, 27, 12);

describe('a proxy’s health', () => {
  it('of ours says what it takes and what is left', async () => {
    const proxy = await startTestProxy({
      PROXY_MAX_INPUTS: '30',
      PROXY_MAX_BODY_BYTES: '50000',
      PROXY_CONCURRENCY: '2',
      PROXY_DAILY_TOKENS_PER_CLIENT: '1234'
    });
    const health = await readProxyHealth(`${proxy.url}/v1`, fetch, NOW);
    await proxy.close();
    expect(health).toMatchObject({
      ready: true,
      limits: { maxInputs: 30, maxRequestBytes: 49_000, concurrency: 2 },
      left: { tokens: 1234 }
    });
    expect(health!.models).toContain('text-embedding-3-small');
    expect(health!.left!.resetAt).toBeGreaterThan(NOW);
  });

  it('asks one learner to leave room for the others', async () => {
    const proxy = await startTestProxy({ PROXY_CONCURRENCY: '200', PROXY_BURST: '200' });
    const health = await readProxyHealth(`${proxy.url}/v1`, fetch, NOW);
    await proxy.close();
    expect(health!.limits.concurrency).toBe(4);
  });

  it.each([
    ['no such route', () => Promise.resolve(new Response('Not found', { status: 404 }))],
    ['a page', () => Promise.resolve(new Response('<html>'))],
    ['nothing', () => Promise.reject(new TypeError('Failed to fetch'))]
  ])('is unknown where there is %s', async (_, fetch) => {
    expect(await readProxyHealth('https://proxy.example/v1', fetch, NOW)).toBeNull();
  });

  it.each([null, [], { limits: { maxInputs: -1, maxBodyBytes: 'many', concurrency: 0 } }])(
    'believes no nonsense such as %j',
    async (body) => {
      const fetch = () => Promise.resolve(Response.json(body));
      expect(await readProxyHealth('https://proxy.example/v1', fetch, NOW)).toEqual({
        ready: true,
        models: [],
        limits: {},
        left: null
      });
    }
  );
});

describe('what is left', () => {
  it.each([
    [{ 'x-ratelimit-remaining-tokens': '12400', 'x-ratelimit-reset-tokens': '60s' }, 12_400],
    [{ 'x-ratelimit-remaining-tokens': '-5', 'x-ratelimit-reset-tokens': '60s' }, 0]
  ])('is read from headers %j', (headers, tokens) => {
    expect(readTokensLeft(new Headers(headers), NOW)).toEqual({ tokens, resetAt: NOW + 60_000 });
  });

  it.each([
    {},
    { 'x-ratelimit-remaining-tokens': '12400' },
    { 'x-ratelimit-remaining-tokens': 'some', 'x-ratelimit-reset-tokens': '60s' },
    { 'x-ratelimit-remaining-tokens': '12400', 'x-ratelimit-reset-tokens': '6m0s' }
  ])('is not made up from %j', (headers) => {
    expect(readTokensLeft(new Headers(headers as Record<string, string>), NOW)).toBeNull();
  });
});

describe('a learner is told', () => {
  const course = { identity: 'course', baseUrl: 'https://proxy.example/v1' } as const;
  const refused = (code: string, status: number, retryAfterMs?: number) =>
    refusalError({ status, type: '', code, param: '', said: 'Words.', retryAfterMs }, course);

  it.each([
    ['proxy_not_configured', 503, 'key', 'no key of its own'],
    ['proxy_misconfigured', 503, 'key', 'is not accepted'],
    ['daily_budget_exceeded', 429, 'quota', 'too few tokens left for today'],
    ['upstream_quota', 429, 'quota', 'no credit left'],
    ['origin_not_allowed', 403, 'forbidden', 'does not know this page']
  ])('%s in a sentence, and what to do', (code, status, expected, words) => {
    const error = refused(code, status);
    expect(error.code).toBe(expected);
    expect(error.message).toContain(words);
    expect(error.next).not.toBe('');
    expect(error.message).not.toContain('Settings');
  });

  it('when the tokens are counted anew', () => {
    expect(refused('daily_budget_exceeded', 429, 2 * 3600_000).next).toContain('in 2 h');
  });

  it('to wait where waiting helps', () => {
    expect(refused('upstream_rate_limit', 429).code).toBe('rate-limit');
    expect(refused('overloaded', 503).code).toBe('server');
    expect(refused('budget_unavailable', 503).code).toBe('server');
  });
});

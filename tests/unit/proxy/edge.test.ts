import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import edge, { ProxyMeter } from '../../../src/proxy/edge.ts';
import { startOpenAIServer, TEST_KEY, type OpenAIServer } from '../../support/openai-server.ts';

let upstream: OpenAIServer;
beforeEach(async () => {
  upstream = await startOpenAIServer();
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => upstream.close());

/** What the host binds: a durable object whose storage outlives it. */
function makeHost(settings: Record<string, string> = {}) {
  const stored = new Map<string, number>();
  const storage = {
    list: () => Promise.resolve(new Map(stored)),
    put: (key: string, value: number) => Promise.resolve(void stored.set(key, value)),
    delete: (keys: string[]) => Promise.resolve(keys.forEach((key) => stored.delete(key)))
  };
  const env = {
    OPENAI_API_KEY: TEST_KEY,
    OPENAI_BASE_URL: upstream.baseUrl,
    PROXY_ORIGINS: 'https://course.example',
    ...settings
  };
  let ready: Promise<void>;
  const state = { storage, blockConcurrencyWhile: (work: () => Promise<void>) => (ready = work()) };
  let meter = new ProxyMeter(state, env);
  const stub = {
    async fetch(url: string, init: { method: string; body: string }) {
      await ready;
      return meter.fetch(new Request(url, init));
    }
  };
  const PROXY_METER = { idFromName: (name: string) => name, get: () => stub };
  return {
    /** The object is put away, and made again from what it stored. */
    forget: () => void (meter = new ProxyMeter(state, env)),
    ask: (address: string, input = 'hello') =>
      edge.fetch(
        new Request('https://proxy.example/v1/embeddings', {
          method: 'POST',
          headers: {
            authorization: 'Bearer <OPENAI_API_TOKEN>',
            'content-type': 'application/json',
            origin: 'https://course.example',
            'cf-connecting-ip': address
          },
          body: JSON.stringify({ model: 'text-embedding-3-small', input })
        }),
        { ...env, PROXY_METER }
      )
  };
}

it('on an edge host texts are embedded, and each client has its own pace in one object', async () => {
  const { ask } = makeHost({ PROXY_BURST: '2', PROXY_REQUESTS_PER_MINUTE: '1' });
  const statuses = [];
  for (const address of ['1.1.1.1', '1.1.1.1', '1.1.1.1', '2.2.2.2']) {
    const response = await ask(address);
    await response.text();
    statuses.push(response.status);
  }
  expect(statuses).toEqual([200, 200, 429, 200]);
});

it('on an edge host the budget outlives its object', async () => {
  const { ask, forget } = makeHost({
    PROXY_DAILY_TOKENS: '12',
    PROXY_DAILY_TOKENS_PER_CLIENT: '12'
  });
  const first = await ask('1.1.1.1', 'one two');
  expect(first.status).toBe(200);
  await first.text();
  forget();
  expect((await ask('1.1.1.1', 'twelve bytes')).status).toBe(429);
  expect((await ask('1.1.1.1', 'five5')).status).toBe(200);
});

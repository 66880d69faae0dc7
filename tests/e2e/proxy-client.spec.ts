import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import type * as Sdk from 'openai';
import { serve } from '../../src/proxy/node-server.ts';
import { startTestProxy } from '../support/proxy.ts';
import { expect, test as base } from './support.ts';

const SDK = resolve(import.meta.dirname, '../../node_modules/openai');

/** Pages of two more origins, each with the official package as it was published. */
const test = base.extend<{ friend: string; stranger: string }>({
  friend: async ({ browserName: _ }, use) => serveSdk(use),
  stranger: async ({ browserName: _ }, use) => serveSdk(use)
});

async function serveSdk(use: (origin: string) => Promise<void>): Promise<void> {
  const server = await serve(
    async (request) => {
      const { pathname } = new URL(request.url);
      const html = { headers: { 'content-type': 'text/html' } };
      if (pathname === '/') return new Response('<!doctype html><title>Elsewhere</title>', html);
      const body = await readFile(join(SDK, pathname)).catch(() => null);
      const headers = { 'content-type': 'text/javascript' };
      return new Response(body, { status: body ? 200 : 404, headers });
    },
    { port: 0, host: '127.0.0.1' }
  );
  await use(`http://127.0.0.1:${server.port}`);
  await server.close();
}

/** What the official client in a page makes of one request through the proxy. */
function embedFrom(page: Page, url: string) {
  return page.evaluate(async (baseURL) => {
    const {
      default: OpenAI,
      APIConnectionError,
      RateLimitError
    } = (await import(String('/index.mjs'))) as typeof Sdk;
    const client = new OpenAI({
      apiKey: '<OPENAI_API_TOKEN>',
      baseURL,
      maxRetries: 0,
      dangerouslyAllowBrowser: true
    });
    try {
      const input = ['from a page', 'elsewhere'];
      const answer = await client.embeddings.create({ model: 'text-embedding-3-small', input });
      return { dimensions: answer.data.map(({ embedding }) => embedding.length) };
    } catch (error) {
      return {
        rateLimit: error instanceof RateLimitError && error.headers.get('retry-after'),
        connection: error instanceof APIConnectionError
      };
    }
  }, `${url}/v1`);
}

test('the official client works unchanged from a page of an allowed origin, and from no other', async ({
  page,
  friend,
  stranger
}) => {
  const proxy = await startTestProxy({ PROXY_ORIGINS: friend });
  await page.goto(friend);
  expect(await embedFrom(page, proxy.url)).toEqual({ dimensions: [1536, 1536] });
  proxy.upstream.faults.next({ kind: 'rate-limit', ms: 2000, retryAfter: 'seconds' });
  expect(await embedFrom(page, proxy.url)).toEqual({ rateLimit: '2', connection: false });

  await page.goto(stranger);
  expect(await embedFrom(page, proxy.url)).toEqual({ rateLimit: false, connection: true });
  expect(proxy.upstream.ledger.requests.map(({ status }) => status)).toEqual([200, 429]);
  await proxy.close();
});

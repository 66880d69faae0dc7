import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../../src/proxy/node-server.ts';
import type { LogEntry } from '../../src/proxy/proxy.ts';
import { openProxy } from '../../src/proxy/run.ts';
import { startOpenAIServer, type OpenAIServer } from './openai-server.ts';

/** A key that must be seen at the upstream only. */
export const UPSTREAM_KEY = 'sk-canary-upstream-0123456789abcdef';
/** A page that may use the proxy. */
export const ORIGIN = 'https://course.example';

/** A proxy on a port of its own, and the strict upstream behind it. */
export interface TestProxy {
  url: string;
  upstream: OpenAIServer;
  log: LogEntry[];
  /** Ends the proxy as a kill does, and starts another one on the same budget. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Starts both; `env` is what the operator sets beside the key, the upstream and {@link ORIGIN}. */
export async function startTestProxy(env: Record<string, string> = {}): Promise<TestProxy> {
  const upstream = await startOpenAIServer({ keys: [UPSTREAM_KEY] });
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'));
  const log: LogEntry[] = [];
  const start = async () => {
    const settings = {
      OPENAI_API_KEY: UPSTREAM_KEY,
      OPENAI_BASE_URL: upstream.baseUrl,
      PROXY_ORIGINS: ORIGIN,
      PROXY_STATE: join(folder, 'budget.jsonl'),
      PROXY_REQUESTS_PER_MINUTE: '6000',
      PROXY_BURST: '1000',
      ...env
    };
    const around = { own: [], loopback: true };
    const proxy = openProxy(settings, around, (entry) => log.push(entry));
    const server = await serve(
      async (request, arrival) =>
        (await proxy.answer(request, arrival)) ?? new Response('Not found\n', { status: 404 }),
      { port: 0, host: '127.0.0.1' }
    );
    return { proxy, server };
  };
  let running = await start();
  return {
    get url() {
      return `http://127.0.0.1:${running.server.port}`;
    },
    upstream,
    log,
    async restart() {
      await running.server.close();
      running = await start();
    },
    async close() {
      await running.server.close();
      running.proxy.close();
      await upstream.close();
      await rm(folder, { recursive: true });
    }
  };
}

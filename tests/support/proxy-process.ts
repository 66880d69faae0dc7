import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOpenAIServer, type OpenAIServer } from './openai-server.ts';
import { ORIGIN, UPSTREAM_KEY } from './proxy.ts';

/** The proxy in a process of its own, as `npm run proxy` starts it, with the strict upstream behind it. */
export interface ProxyProcess {
  readonly url: string;
  readonly pid: number;
  upstream: OpenAIServer;
  /** All it printed. */
  printed(): string;
  /** Kills it wherever it is, and starts it again on the same budget. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Starts both; `env` is what the operator sets besides. */
export async function startProxyProcess(env: Record<string, string> = {}): Promise<ProxyProcess> {
  const upstream = await startOpenAIServer({ keys: [UPSTREAM_KEY] });
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'));
  const settings = {
    PORT: '0',
    OPENAI_API_KEY: UPSTREAM_KEY,
    OPENAI_BASE_URL: upstream.baseUrl,
    PROXY_ORIGINS: ORIGIN,
    PROXY_STATE: join(folder, 'budget.jsonl'),
    PROXY_REQUESTS_PER_MINUTE: '1000000',
    PROXY_BURST: '1000000',
    PROXY_DAILY_TOKENS: '1000000000',
    PROXY_DAILY_TOKENS_PER_CLIENT: '1000000000',
    ...env
  };
  let printed = '';
  const start = async () => {
    const child = spawn(process.execPath, ['src/proxy/start.ts'], {
      cwd: join(import.meta.dirname, '../..'),
      env: { ...process.env, ...settings }
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        printed += text;
      });
    }
    const ended = new Promise((resolve) => child.once('close', resolve));
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', () => {
        const [, at] = /answers at (\S+)\/v1/.exec(said) ?? [];
        if (at) resolve(at);
      });
      void ended.then(() => reject(new Error(`The proxy ended: ${said}`)));
    });
    return { child, ended, url };
  };
  let running = await start();
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    running.child.kill(signal);
    await running.ended;
  };
  return {
    get url() {
      return running.url;
    },
    get pid() {
      return running.child.pid!;
    },
    upstream,
    printed: () => printed,
    async restart() {
      await end('SIGKILL');
      running = await start();
    },
    async close() {
      await end('SIGTERM');
      await upstream.close();
      await rm(folder, { recursive: true });
    }
  };
}

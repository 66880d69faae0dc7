import { startProxyProcess } from '../support/proxy-process.ts';
import { UPSTREAM_KEY } from '../support/proxy.ts';
import type { Figure } from './run.ts';

const ROUNDS = 600;
const TOGETHER = 16;
const SECONDS = 5;

/** What the proxy adds to a request, against the upstream asked directly; and how many it takes. */
export async function benchProxy(): Promise<Figure[]> {
  const proxy = await startProxyProcess({ PROXY_CONCURRENCY: String(2 * TOGETHER) });
  try {
    const direct = () => ask(proxy.upstream.url, UPSTREAM_KEY);
    const through = () => ask(proxy.url, '<OPENAI_API_TOKEN>');
    for (let n = 0; n < 100; n++) await Promise.all([direct(), through()]);
    const [plain, proxied] = [[] as number[], [] as number[]];
    // In turns, so that both meet the same machine.
    for (let n = 0; n < ROUNDS; n++) {
      plain.push(await timed(direct));
      proxied.push(await timed(through));
    }
    const until = performance.now() + SECONDS * 1000;
    const counts = await Promise.all(
      Array.from({ length: TOGETHER }, async () => {
        let answered = 0;
        for (; performance.now() < until; answered++) await through();
        return answered;
      })
    );
    const total = counts.reduce((sum, count) => sum + count, 0);
    return [
      { what: 'asking the upstream directly, median', value: median(plain), unit: 'ms' },
      { what: 'asking through the proxy, median', value: median(proxied), unit: 'ms' },
      {
        what: `requests a second through the proxy, ${TOGETHER} at once`,
        value: total / SECONDS,
        unit: ''
      }
    ];
  } finally {
    await proxy.close();
  }
}

async function ask(url: string, token: string): Promise<void> {
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'text-embedding-3-small', input: 'A question.' })
  });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`Answered with ${response.status}.`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function median(times: number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

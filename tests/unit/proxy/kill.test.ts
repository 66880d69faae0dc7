import { expect, it } from 'vitest';
import { startProxyProcess } from '../../support/proxy-process.ts';

const BUDGET = 2000;

it('a day’s budget holds for two hundred clients at once, killed and started again in the middle', async () => {
  const proxy = await startProxyProcess({
    PROXY_DAILY_TOKENS: String(BUDGET),
    PROXY_CONCURRENCY: '8',
    // Where tests can say who they are.
    PROXY_CLIENT_HEADER: 'x-client'
  });
  const ask = async (n: number) => {
    const response = await fetch(`${proxy.url}/v1/embeddings`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer <OPENAI_API_TOKEN>',
        'content-type': 'application/json',
        'x-client': `203.0.113.${n}`
      },
      body: JSON.stringify({
        model: 'text-embedding-3-small',
        input: 'one two three four five six'
      })
    });
    await response.text();
    return response.status;
  };
  const all = () => Promise.all(Array.from({ length: 200 }, (_, n) => ask(n).catch(() => 0)));
  let finished = 0;
  for (let round = 0; round < 3; round++) {
    const asking = all();
    await Promise.race([asking, ask(250)]);
    await proxy.restart();
    finished += (await asking).filter((status) => status === 200).length;
  }
  for (let tries = 0; tries < 100; tries++) {
    const statuses = await all();
    finished += statuses.filter((status) => status === 200).length;
    if (statuses.every((status) => status === 429)) break;
  }
  const spent = proxy.upstream.ledger.requests.reduce((sum, { tokens }) => sum + tokens, 0);
  expect(finished).toBeGreaterThan(0);
  expect(spent).toBeLessThanOrEqual(BUDGET);
  // Nor is much of it lost: only what was under way when it was killed.
  expect(spent).toBeGreaterThan(BUDGET / 4);
  await proxy.close();
}, 60_000);

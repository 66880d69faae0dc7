import { expect, it } from 'vitest';
import { findLeaks, sendHostile } from '../../support/hostile-requests.ts';
import { ORIGIN, startTestProxy, UPSTREAM_KEY } from '../../support/proxy.ts';

it('of a hundred hostile requests only what is in order is sent on, and nothing is told', async () => {
  const proxy = await startTestProxy();
  let said = '';
  for (let from = 1; from <= 100; from += 20) {
    const answers = Array.from({ length: 20 }, (_, n) => sendHostile(proxy.url, ORIGIN, from + n));
    said += (await Promise.all(answers)).join('\n');
  }
  const { requests } = proxy.upstream.ledger;
  expect(findLeaks(requests, said + JSON.stringify(proxy.log), UPSTREAM_KEY)).toEqual([]);
  // Some were in order, and most were not.
  expect(requests.length).toBeGreaterThan(3);
  expect(requests.length).toBeLessThan(50);
  await proxy.close();
}, 60_000);

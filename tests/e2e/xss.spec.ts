import { xssJourney } from '../support/walk/xss-journey.ts';
import { xssPayloads } from '../support/xss-payloads.ts';
import { expect, test } from './support.ts';

test('texts that want to be code stay texts, on every page and wherever they come from', async ({
  page,
  baseURL
}) => {
  test.setTimeout(180_000);
  const payloads = xssPayloads(40, 1);
  expect(await xssJourney(page, { url: baseURL!, payloads, presses: 10 })).toEqual([]);
});

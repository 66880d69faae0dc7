import { expect, it } from 'vitest';
import { retryAfterMs, saidRetryMs } from '#lib/embedding/providers/retry-after.ts';

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);

it.each([
  [{ 'retry-after-ms': '1234' }, 1234],
  [{ 'retry-after-ms': '0.5' }, 0.5],
  [{ 'retry-after-ms': '20', 'retry-after': '7' }, 20],
  [{ 'retry-after': '7' }, 7000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '1.5' }, 1500],
  [{ 'retry-after': '86400' }, 86_400_000],
  [{ 'retry-after': 'Sun, 22 Nov 2026 12:00:42 GMT' }, 42_000],
  [{ 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, 0],
  [{ 'retry-after-ms': 'soon', 'retry-after': '3' }, 3000],
  [{ 'retry-after': '' }, undefined],
  [{ 'retry-after': 'later' }, undefined],
  [{ 'retry-after': '1e9' }, undefined],
  [{}, undefined]
])('reads %j as %s ms', (headers: Record<string, string>, expected) => {
  expect(retryAfterMs(new Headers(headers), NOW)).toBe(expected);
});

it.each([
  ['Rate limit reached … Limit 3, Used 3, Requested 1. Please try again in 20s. Visit …', 20_000],
  ['Please try again in 1.5s.', 1500],
  ['Please try again in 20ms.', 20],
  ['Please try again in 6m0s.', 360_000],
  ['Please try again in 1h2m3s.', 3_723_000],
  ['Please try again in a while.', undefined],
  ['Please try again.', undefined],
  ['', undefined]
])('reads the pause in “%s”', (message, expected) => {
  expect(saidRetryMs(message)).toBe(expected);
});

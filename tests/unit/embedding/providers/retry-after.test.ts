import { expect, it } from 'vitest';
import { retryAfterMs } from '#lib/embedding/providers/retry-after.ts';

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

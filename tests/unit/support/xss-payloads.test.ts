import { expect, test } from 'vitest';
import { xssPayloads } from '../../support/xss-payloads.ts';

test('payloads are different from each other, and the same for the same seed', () => {
  const payloads = xssPayloads(200, 1);
  expect(new Set(payloads).size).toBe(200);
  expect(xssPayloads(200, 1)).toEqual(payloads);
  expect(xssPayloads(200, 2)).not.toEqual(payloads);
});

test('forty are of forty shapes', () => {
  const kinds = ['<script', 'onerror', '<iframe', 'javascript:', '<svg', '<style', '{{', '${'];
  const all = xssPayloads(45, 3).join('\n').toLowerCase();
  for (const kind of kinds) expect(all).toContain(kind);
});

import { expect, test } from 'vitest';
import { headersFile, headersOf } from '../../../src/site/headers.ts';

const WORKER = '_app/immutable/workers/items.worker-B1.js';

test('every file may not be framed or sniffed; only those that never change may be kept', () => {
  expect(headersOf('/index.html')).toMatchObject({
    'content-security-policy': "frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache'
  });
  expect(headersOf('/_app/immutable/entry/start.1.js')['cache-control']).toContain('immutable');
});

test('a worker’s script has the policy of its worker', () => {
  expect(headersOf(`/${WORKER}`)['content-security-policy']).toContain("connect-src 'self';");
});

test('a _headers file has a rule for all files, and one for each script of a worker', () => {
  const chunk = '_app/immutable/workers/chunks/B2.js';
  const file = headersFile(['index.html', WORKER, chunk, '_app/immutable/chunks/B3.js']);
  const rules = file.split('\n\n').map((rule) => rule.trim().split('\n')[0]);
  expect(rules).toEqual(['/*', '/_app/immutable/*', `/${WORKER}`, `/${chunk}`]);
  expect(file).toContain(
    `\n/${WORKER}\n  content-security-policy: ${headersOf(`/${WORKER}`)['content-security-policy']}\n`
  );
});

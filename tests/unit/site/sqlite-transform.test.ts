import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { transformSqlite } from '../../../src/site/sqlite-transform.ts';

const folder = new URL('../../../node_modules/@sqlite.org/sqlite-wasm/dist/', import.meta.url);
const source = readFileSync(new URL('index.mjs', folder), 'utf8');

test('the installed library can be rid of its workers, and keeps its WebAssembly', () => {
  const transformed = transformSqlite(source);
  expect(transformed).not.toMatch(/new URL\("sqlite3-(opfs|worker)/);
  expect(transformed).toContain('new URL("sqlite3.wasm", import.meta.url)');
});

test('a library that names them otherwise stops the build', () => {
  expect(() => transformSqlite('export default 1;')).toThrow(/Look at what has changed/);
  expect(() => transformSqlite(source + source)).toThrow(/once/);
});

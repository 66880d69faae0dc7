import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { transformHnswlib } from '../../../src/site/hnswlib-transform.ts';

const path = new URL('../../../node_modules/hnswlib-wasm/lib/hnswlib.mjs', import.meta.url);
const source = readFileSync(path, 'utf8');

test('the installed library can be transformed, and then makes no function from text', () => {
  const transformed = transformHnswlib(source);
  expect(transformed).not.toContain('newFunc(Function');
  expect(transformed).toContain('Object.defineProperty(Module, "FS", { value: FS });\nrun();');
});

test('another version of the library stops the build with the place that is missing', () => {
  expect(() =>
    transformHnswlib(source.replace('newFunc(Function, params)', 'make(params)'))
  ).toThrow('the caller of JavaScript methods was found 0 times');
  expect(() => transformHnswlib(source + '\nrun();\n')).toThrow('was found 2 times');
});

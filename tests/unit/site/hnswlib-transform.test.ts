import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileDistance, transformHnswlib } from '../../../src/site/hnswlib-transform.ts';

const path = new URL('../../../node_modules/hnswlib-wasm/lib/hnswlib.mjs', import.meta.url);
const source = readFileSync(path, 'utf8');
const distance = await compileDistance();

function wasmOf(text: string): Uint8Array<ArrayBuffer> {
  const [, binary] = /data:application\/octet-stream;base64,([^']+)'/.exec(text)!;
  return new Uint8Array(Buffer.from(binary!, 'base64'));
}

test('the installed library can be transformed, and then makes no function from text', () => {
  const transformed = transformHnswlib(source, distance);
  expect(transformed).not.toContain('newFunc(Function');
  expect(transformed).toContain('Object.defineProperty(Module, "FS", { value: FS });\nrun();');
});

test('its WebAssembly keeps imports and exports, and has two more to call', async () => {
  const before = await WebAssembly.compile(wasmOf(source));
  const after = await WebAssembly.compile(wasmOf(transformHnswlib(source, distance)));
  expect(WebAssembly.Module.imports(after)).toEqual(WebAssembly.Module.imports(before));
  expect(WebAssembly.Module.exports(after).slice(0, -2)).toEqual(
    WebAssembly.Module.exports(before)
  );
  expect(WebAssembly.Module.exports(after).slice(-2)).toEqual([
    expect.objectContaining({ name: 'addPoint', kind: 'function' }),
    expect.objectContaining({ name: 'searchKnn', kind: 'function' })
  ]);
});

test.each([0, 1, 15, 16, 17, 100, 384])(
  'the distance of two points of %i dimensions is 1 less their product, wherever they stand',
  async (dimensions) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const module = await WebAssembly.compile(new Uint8Array(distance));
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    const measure = exports.innerProductDistance as (x: number, y: number, n: number) => number;
    const [x, y, n] = [20, 8204, 4];
    new Uint32Array(memory.buffer, n, 1)[0] = dimensions;
    const values = (at: number, of: (i: number) => number) => {
      // What lies beyond the end must not count.
      const all = new Float32Array(memory.buffer, at, dimensions + 16);
      all.set(Float32Array.from(all, (_, i) => of(i)));
      return all.slice(0, dimensions);
    };
    const a = values(x, (i) => Math.sin(i + 1));
    const b = values(y, (i) => Math.cos(2 * i));
    const product = a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    expect(measure(x, y, n)).toBeCloseTo(1 - product, 4);
  }
);

test('another version of the library stops the build with the place that is missing', () => {
  const transform = (text: string) => () => transformHnswlib(text, distance);
  expect(transform(source.replace('newFunc(Function, params)', 'make(params)'))).toThrow(
    'the caller of JavaScript methods was found 0 times'
  );
  expect(transform(source + '\nrun();\n')).toThrow('was found 2 times');
  expect(transform(source.replace(';base64,AGFz', ';base32,AGFz'))).toThrow(
    'its WebAssembly was found 0 times'
  );
});

import { expect, test } from 'vitest';
import { Arena } from '#lib/index/kernel/arena.ts';
import { javascriptKernel } from '#lib/index/kernel/javascript.ts';
import { Scanner } from '#lib/index/scanner.ts';

const DIMENSIONS = 16;
const axis = (n: number) => Float32Array.from({ length: DIMENSIONS }, (_, i) => Number(i === n));

test('a scan that finds no memory is refused as often as it is asked for, and smaller ones go on', () => {
  const memory = new WebAssembly.Memory({ initial: 6, maximum: 6 });
  const scanner = new Scanner(javascriptKernel(memory), new Arena(memory), DIMENSIONS);
  const scan = (k: number) => {
    scanner.begin(axis(1), k, Uint8Array.of(7));
    scanner.scanFloats(
      Uint32Array.of(0, 1, 2),
      new Float32Array([...axis(0), ...axis(1), ...axis(2)])
    );
    return [...scanner.found().rows];
  };
  expect(scan(1)).toEqual([1]);
  for (let times = 0; times < 2; times++) {
    expect(() => scan(100_000)).toThrow(expect.objectContaining({ code: 'out-of-memory' }));
  }
  expect(scan(2)).toEqual([1, 0]);
});

import { expect, test } from 'vitest';
import relaxedSimd from '#lib/index/kernel/assembly/kernel.ts?wasm=relaxed-simd';
import { loadKernel } from '#lib/index/kernel/load.ts';
import { awkwardCase, runCase } from '../../support/kernel-case.ts';

test('the browser runs the relaxed kernel, which is therefore chosen', async () => {
  expect(WebAssembly.validate(relaxedSimd)).toBe(true);
  expect((await loadKernel()).kind).toBe('relaxed-simd');
});

test('a kernel has a memory of its own, that grows to 4 GiB', async () => {
  const [one, other] = [await loadKernel(), await loadKernel()];
  expect(one.memory).not.toBe(other.memory);
  expect(one.memory.grow(65_535)).toBe(1);
});

test('all kinds find the same, to the last bit', async () => {
  const [chosen, simd, javascript] = [
    await loadKernel(),
    await loadKernel('simd'),
    await loadKernel('javascript')
  ];
  for (let seed = 1000; seed < 1060; seed++) {
    const one = awkwardCase(seed);
    const expected = runCase(javascript, one);
    expect(runCase(chosen, one), `case ${seed}`).toEqual(expected);
    expect(runCase(simd, one), `case ${seed}`).toEqual(expected);
  }
});

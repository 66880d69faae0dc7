import { describe, expect, test } from 'vitest';
import { compileKernel } from '../../../src/site/kernel-plugin.ts';
import { editWasm } from '../../../src/site/edit-wasm.ts';

type Bytes = Uint8Array<ArrayBuffer>;

async function compile(source: string): Promise<Bytes> {
  const sources = new Map([['main.ts', source]]);
  return new Uint8Array(await compileKernel(sources, 'main.ts', 'simd'));
}

/** A module with the functions' names, as a compiler for debugging writes them. */
function named(module: Bytes, names: Record<string, number>): Bytes {
  const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
  const entries = Object.entries(names).flatMap(([name, index]) => [index, ...text(name)]);
  const functions = [Object.keys(names).length, ...entries];
  const content = [...text('name'), 1, functions.length, ...functions];
  return Uint8Array.from([...module, 0, content.length, ...content]);
}

async function run(module: Uint8Array): Promise<Record<string, (...args: number[]) => number>> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { instance } = await WebAssembly.instantiate(new Uint8Array(module), { env: { memory } });
  return instance.exports as never;
}

const NONE = { replaced: {}, exported: {} };

describe('a module', async () => {
  const target = named(
    await compile(`
      export function twice(x: i32): i32 { return 2 * x; }
      export function plus(x: i32, y: i32): i32 { return x + y; }`),
    { twice: 0, 'ns::plus(int, int)': 1 }
  );

  test('does the same without edits, and is rid of its names', async () => {
    const edited = editWasm(target, NONE);
    const module = await WebAssembly.compile(new Uint8Array(edited));
    expect(WebAssembly.Module.customSections(module, 'name')).toEqual([]);
    expect((await run(edited)).plus!(3, 4)).toBe(7);
  });

  test('does what takes the place of one of its functions', async () => {
    const replaced = { twice: await compile('export function f(x: i32): i32 { return 3 * x; }') };
    expect((await run(editWasm(target, { ...NONE, replaced }))).twice!(3)).toBe(9);
  });

  test('has one of its functions to call by another name', async () => {
    const exported = { again: 'ns::plus(int, int)' };
    expect((await run(editWasm(target, { ...NONE, exported }))).again!(3, 4)).toBe(7);
  });

  test('without the function that is asked for is refused', async () => {
    expect(() => editWasm(target, { ...NONE, exported: { f: 'thrice' } })).toThrow(
      'There is no function called thrice.'
    );
  });

  test.each([
    ['other parameters', 'export function f(x: i64): i32 { return 3; }', 'other parameters'],
    ['another result', 'export function f(x: i32): f32 { return 3; }', 'other parameters'],
    [
      'a global',
      'let n: i32 = 0; export function f(x: i32): i32 { return n += x; }',
      'calls no other'
    ],
    [
      'calls',
      '@external("env", "g") declare function g(x: i32): i32; export function f(x: i32): i32 { return g(x); }',
      'calls no other'
    ],
    [
      'company',
      'export function f(x: i32): i32 { return x; } export function g(x: i32): i32 { return -x; }',
      'calls no other'
    ]
  ])('takes no function with %s in place of its own', async (_, source, message) => {
    const replaced = { twice: await compile(source) };
    expect(() => editWasm(target, { ...NONE, replaced })).toThrow(message);
  });
});

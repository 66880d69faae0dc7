import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { compileKernel, kernelPlugin } from '../../../src/site/kernel-plugin.ts';

const ASSEMBLY = join(import.meta.dirname, '../../../src/lib/index/kernel/assembly');
const NAMES = ['dot.ts', 'fold.ts', 'heap.ts', 'kernel.ts', 'lanes.ts'];

/** The bytes of a module as the plugin writes it. */
async function bytesOf(code: string): Promise<Uint8Array> {
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)).default;
}

describe('the kernel', () => {
  test.each(['simd', 'relaxed-simd'] as const)('is small and runs with %s', async (features) => {
    const sources = new Map<string, string>();
    for (const name of NAMES) sources.set(name, await readFile(join(ASSEMBLY, name), 'utf8'));
    const wasm = new Uint8Array(await compileKernel(sources, 'kernel.ts', features));
    expect(wasm.length).toBeLessThan(8192);
    const module = await WebAssembly.compile(wasm);
    expect(WebAssembly.Module.imports(module)).toEqual([
      expect.objectContaining({ module: 'env', name: 'memory', kind: 'memory' })
    ]);
    const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
    expect(exported).toEqual(
      expect.arrayContaining(['noteRows', 'fold', 'scanCodes', 'scanFloats'])
    );
  });
});

describe('the plugin', () => {
  let folder: string;
  const addWatchFile = vi.fn();
  const load = (id: string): Promise<string> =>
    (kernelPlugin().load as (id: string) => Promise<string>).call({ addWatchFile }, id);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kernel-'));
    addWatchFile.mockClear();
    await put('two.ts', 'export function two(): i32 { return 2; }');
    await put(
      'main.ts',
      "import { two } from './two.ts';\nexport function four(): i32 { return 2 * two(); }"
    );
  });
  afterEach(() => rm(folder, { recursive: true }));
  const put = (name: string, text: string) => writeFile(join(folder, name), text);

  async function four(): Promise<number> {
    const bytes = await bytesOf(await load(join(folder, 'main.ts?wasm=simd')));
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 });
    const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes), { env: { memory } });
    return (instance.exports.four as () => number)();
  }

  test('makes a module of the bytes, and again when a file of the folder has changed', async () => {
    expect(await four()).toBe(4);
    await put('two.ts', 'export function two(): i32 { return 3; }');
    expect(await four()).toBe(6);
    expect(addWatchFile).toHaveBeenCalledWith(join(folder, 'main.ts'));
    expect(addWatchFile).toHaveBeenCalledWith(join(folder, 'two.ts'));
  });

  test("fails with the compiler's message and the place when the source is wrong", async () => {
    await put('two.ts', 'export function two(): i32 { return missing; }');
    const failure = load(join(folder, 'main.ts?wasm=simd'));
    await expect(failure).rejects.toThrow(/main\.ts does not compile.*missing.*two\.ts\(1,/s);
    await put('two.ts', 'export function two(): i32 { return 2; }');
    expect(await four()).toBe(4);
  });

  test('fails with the name of a file that is missing', async () => {
    await rm(join(folder, 'two.ts'));
    await expect(load(join(folder, 'main.ts?wasm=simd'))).rejects.toThrow(/two\.ts.*not found/);
  });

  test.each(['main.ts', 'main.ts?wasm=other', 'main.ts?worker'])('leaves %s alone', async (id) => {
    expect(await load(join(folder, id))).toBeNull();
  });
});

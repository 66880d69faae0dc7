import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Plugin } from 'vite';
import type {} from 'vitest/config';

/** What the compiler may use: the instructions of 128 bits, or the relaxed ones as well. */
export type WasmFeatures = 'simd' | 'relaxed-simd';

const OPTIONS = [
  '-O3',
  ...['--runtime', 'stub'],
  '--importMemory',
  '--noAssert',
  // No import but the memory.
  ...['--use', 'abort='],
  // That JavaScript can't pass 128 bits: only modules pass them to each other.
  ...['--disableWarning', '112']
];

/**
 * Compiles AssemblyScript to WebAssembly: `sources` are the texts by file name, `entry` the one whose
 * exports are the module's. The memory is imported as `env.memory`, with no maximum of its own.
 * Throws an `Error` with the compiler's message when they don't compile.
 */
export async function compileKernel(
  sources: ReadonlyMap<string, string>,
  entry: string,
  features: WasmFeatures
): Promise<Uint8Array> {
  // The compiler is 10 MB: loaded only by a run that meets the kernel.
  const { default: asc } = await import('assemblyscript/asc');
  let wasm: Uint8Array | undefined;
  const enabled = features === 'simd' ? ['simd'] : ['simd', 'relaxed-simd'];
  const { error, stderr } = await asc.main(
    [entry, ...OPTIONS, '--enable', enabled.join(','), '--outFile', 'kernel.wasm'],
    {
      readFile: (name) => sources.get(name) ?? null,
      writeFile: (_name, contents) => void (wasm = contents as Uint8Array),
      listFiles: () => []
    }
  );
  if (error || !wasm) {
    throw new Error(`${entry} does not compile.\n${stderr.toString() || String(error)}`);
  }
  return wasm;
}

/** Compiled modules by all that they depend on. */
const compiled = new Map<string, Promise<Uint8Array>>();

/**
 * The Vite plugin that makes `import bytes from './folder/kernel.ts?wasm=simd'` (or `=relaxed-simd`)
 * the WebAssembly module that the AssemblyScript file compiles to, with the other files of its folder,
 * as a `Uint8Array`. The bytes are part of the importing chunk: there is nothing to fetch.
 */
export function kernelPlugin(): Plugin {
  return {
    name: 'kernel-plugin',
    enforce: 'pre',
    async load(id) {
      const asked = parse(id);
      if (!asked) return null;
      const { folder, entry, features } = asked;
      const sources = readSources(folder);
      for (const name of sources.keys()) this.addWatchFile(join(folder, name));
      const key = JSON.stringify([...sources, entry, features]);
      const wasm = compiled.get(key) ?? compileKernel(sources, entry, features);
      compiled.set(key, wasm);
      return moduleOf(await wasm);
    },
    // vitest keeps modules between runs, and does not know that this one depends on several files.
    configureVitest({ defineCacheKeyGenerator }) {
      defineCacheKeyGenerator(({ id }) => {
        const asked = parse(id);
        return asked ? JSON.stringify([...readSources(asked.folder)]) : undefined;
      });
    }
  };
}

/** What is asked for by a module's id; undefined when it is not for this plugin. */
function parse(id: string): { folder: string; entry: string; features: WasmFeatures } | undefined {
  const [, path, features] = /^(.+\.ts)\?wasm=(simd|relaxed-simd)$/.exec(id) ?? [];
  if (path === undefined) return undefined;
  return { folder: dirname(path), entry: basename(path), features: features as WasmFeatures };
}

/** The texts of a folder's source files, by name. */
export function readSources(folder: string): Map<string, string> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** A JavaScript module whose default export is these bytes. */
function moduleOf(bytes: Uint8Array): string {
  return `const text = '${Buffer.from(bytes).toString('base64')}';
export default Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
`;
}

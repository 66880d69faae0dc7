import relaxedSimd from './assembly/kernel.ts?wasm=relaxed-simd';
import simd from './assembly/kernel.ts?wasm=simd';
import { javascriptKernel } from './javascript.ts';
import type { Kernel, KernelKind } from './kernel.ts';

/** All that 32-bit addresses reach, in pages of 64 KiB. */
const MAX_PAGES = 65_536;

/**
 * A kernel of the given kind, or of the fastest that this browser runs, with a new memory of one
 * page that can grow to 4 GiB. Rejects with the browser's own error (`WebAssembly.CompileError`)
 * when it does not know the instructions of the kind asked for.
 */
export async function loadKernel(kind: KernelKind = bestKind()): Promise<Kernel> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
  if (kind === 'javascript') return javascriptKernel(memory);
  const bytes = kind === 'simd' ? simd : relaxedSimd;
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const exports = instance.exports as Omit<Kernel, 'kind' | 'memory'>;
  const { noteRows, fold, scanCodes, scanFloats } = exports;
  return { kind, memory, noteRows, fold, scanCodes, scanFloats };
}

function bestKind(): KernelKind {
  if (WebAssembly.validate(relaxedSimd)) return 'relaxed-simd';
  return WebAssembly.validate(simd) ? 'simd' : 'javascript';
}

import { join } from 'node:path';
import type { Plugin } from 'vite';
import { compileKernel, readSources } from './kernel-plugin.ts';
import { editWasm } from './edit-wasm.ts';

/** One edit of the library's source: the place, found exactly once, and what stands there instead. */
interface Edit {
  what: string;
  from: string;
  to: string;
}

/*
 * Both closures do what the source text built above them would have done; that text is still built
 * and then ignored, which costs a few microseconds a method when the module starts.
 */
const EDITS: Edit[] = [
  {
    what: 'the invoker of bound methods',
    from: 'return newFunc(Function, args1).apply(null, args2);',
    to: `var firstWired = isClassMethodFunc ? 1 : 2;
      return function (...args) {
        if (args.length !== argCount - 2) {
          throwBindingError('function ' + humanName + ' called with ' + args.length + ' arguments, expected ' + (argCount - 2) + ' args!');
        }
        var destructors = needsDestructorStack ? [] : null;
        var wired = [];
        if (isClassMethodFunc) wired.push(argTypes[1].toWireType(destructors, this));
        for (var i = 0; i < args.length; i++) wired.push(argTypes[i + 2].toWireType(destructors, args[i]));
        var rv = cppInvokerFunc(cppTargetFunc, ...wired);
        if (needsDestructorStack) runDestructors(destructors);
        else for (var i = firstWired; i < argCount; i++) {
          if (argTypes[i].destructorFunction !== null) argTypes[i].destructorFunction(wired[i - firstWired]);
        }
        if (returns) return argTypes[0].fromWireType(rv);
      };`
  },
  {
    what: 'the caller of JavaScript methods',
    from: 'var invokerFunction = newFunc(Function, params).apply(null, args);',
    to: `var invokerFunction = function (handle, name, destructors, packed) {
        var values = [];
        for (var i = 1; i < argCount; i++) {
          values.push(types[i].readValueFromPointer(packed));
          packed += types[i].argPackAdvance;
        }
        var rv = handle[name](...values);
        for (var i = 1; i < argCount; i++) {
          if (types[i].deleteObject) types[i].deleteObject(values[i - 1]);
        }
        if (!retType.isVoid) return retType.toWireType(destructors, rv);
      };`
  },
  {
    what: 'the way to its WebAssembly',
    from: 'if (!wasmBinary && (ENVIRONMENT_IS_WEB || ENVIRONMENT_IS_WORKER)) {',
    // The policy refuses `data:` URLs; what is decoded at hand needs no request.
    to: 'if (!isDataURI(binaryFile) && !wasmBinary && (ENVIRONMENT_IS_WEB || ENVIRONMENT_IS_WORKER)) {'
  },
  {
    what: 'the start of the module',
    from: '\nrun();\n',
    to: '\nObject.defineProperty(Module, "FS", { value: FS });\nrun();\n'
  }
];

/** The library's WebAssembly, as text in its source. */
const BINARY = /(?<=data:application\/octet-stream;base64,)[A-Za-z0-9+/=]+/g;
/** Nearly all of the time of building and searching is spent in it. */
const DISTANCE = 'hnswlib::InnerProductDistance(void const*, void const*, void const*)';
/** What embind wraps: it hands a vector over number by number, in half the time of adding it. */
const EXPORTED = {
  addPoint: 'hnswlib::HierarchicalNSW<float>::addPoint(void const*, unsigned long, bool)',
  searchKnn:
    'hnswlib::HierarchicalNSW<float>::searchKnn(void const*, unsigned long, hnswlib::BaseFilterFunctor*) const'
};
const ASSEMBLY = join(import.meta.dirname, '../lib/index/kernel/assembly');

/**
 * Makes `hnswlib-wasm/lib/hnswlib.mjs` usable under our rules: its in-memory file system is reachable
 * (graphs travel as bytes, no IndexedDB of its own), and it needs no `new Function` and no `data:` URL, so
 * that a strict content security policy holds. And makes it fast: it was compiled without SIMD, and
 * `distance` (a module with one function) takes the place of its inner product. Throws when the source
 * is not the one expected.
 */
export function transformHnswlib(source: string, distance: Uint8Array): string {
  const [binary, ...others] = source.match(BINARY) ?? [];
  if (!binary || others.length > 0)
    throw changed('its WebAssembly', others.length + (binary ? 1 : 0));
  const edits = { replaced: { [DISTANCE]: distance }, exported: EXPORTED };
  const edited = editWasm(Buffer.from(binary, 'base64'), edits);
  return EDITS.reduce(
    (text, { what, from, to }) => {
      const parts = text.split(from);
      if (parts.length !== 2) throw changed(what, parts.length - 1);
      return parts.join(to);
    },
    source.replace(binary, Buffer.from(edited).toString('base64'))
  );
}

function changed(what: string, times: number): Error {
  return new Error(
    `hnswlib-wasm changed: ${what} was found ${times} times instead of once. ` +
      'Pin version 0.8.2, or bring src/site/hnswlib-transform.ts up to date.'
  );
}

/** The distance that takes the place of the library's own; see assembly/distance.ts. */
export function compileDistance(): Promise<Uint8Array> {
  return compileKernel(readSources(ASSEMBLY), 'distance.ts', 'simd');
}

/** The Vite plugin that applies {@link transformHnswlib}, in builds, in development and in tests. */
export function hnswlibTransform(): Plugin {
  return {
    name: 'hnswlib-transform',
    // A pre-bundled dependency would never pass through `transform`.
    config: () => ({ optimizeDeps: { exclude: ['hnswlib-wasm'] } }),
    async transform(source, id) {
      if (!/\/hnswlib-wasm\/lib\/hnswlib\.mjs(\?|$)/.test(id)) return null;
      for (const name of readSources(ASSEMBLY).keys()) this.addWatchFile(join(ASSEMBLY, name));
      return { code: transformHnswlib(source, await compileDistance()), map: null };
    }
  };
}

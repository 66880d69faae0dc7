import type { Plugin } from 'vite';

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
    what: 'the start of the module',
    from: '\nrun();\n',
    to: '\nObject.defineProperty(Module, "FS", { value: FS });\nrun();\n'
  }
];

/**
 * Makes `hnswlib-wasm/lib/hnswlib.mjs` usable under our rules: its in-memory file system is reachable
 * (graphs travel as bytes, no IndexedDB of its own), and it needs no `new Function`, so that a content
 * security policy without `unsafe-eval` holds. Throws when the source is not the one expected.
 */
export function transformHnswlib(source: string): string {
  return EDITS.reduce((text, { what, from, to }) => {
    const parts = text.split(from);
    if (parts.length !== 2) {
      throw new Error(
        `hnswlib-wasm changed: ${what} was found ${parts.length - 1} times instead of once. ` +
          'Pin version 0.8.2, or bring src/site/hnswlib-transform.ts up to date.'
      );
    }
    return parts.join(to);
  }, source);
}

/** The Vite plugin that applies {@link transformHnswlib}, in builds, in development and in tests. */
export function hnswlibTransform(): Plugin {
  return {
    name: 'hnswlib-transform',
    // A pre-bundled dependency would never pass through `transform`.
    config: () => ({ optimizeDeps: { exclude: ['hnswlib-wasm'] } }),
    transform(source, id) {
      if (!/\/hnswlib-wasm\/lib\/hnswlib\.mjs(\?|$)/.test(id)) return null;
      return { code: transformHnswlib(source), map: null };
    }
  };
}

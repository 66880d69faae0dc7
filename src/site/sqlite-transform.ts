import type { Plugin } from 'vite';

/** Workers that SQLite's package may start, of which none is used here: ours is in memory, in our own worker. */
const UNUSED = ['sqlite3-opfs-async-proxy.js', 'sqlite3-worker1.mjs'];

/**
 * Takes SQLite's own workers out of its module, so that the site does not carry 250 kB that nobody loads.
 * Throws when the module names them otherwise than it did.
 */
export function transformSqlite(source: string): string {
  return UNUSED.reduce((text, name) => {
    const [before, after, ...more] = text.split(`new URL("${name}", import.meta.url)`);
    if (after === undefined || more.length > 0) {
      throw new Error(
        `SQLite's module was expected to name ${name} once. Look at what has changed.`
      );
    }
    return `${before}new URL("about:blank")${after}`;
  }, source);
}

/** The Vite plugin for {@link transformSqlite}. */
export function sqliteTransform(): Plugin {
  return {
    name: 'sqlite-transform',
    enforce: 'pre',
    transform(code, id) {
      return /@sqlite\.org\/sqlite-wasm\/dist\/index\.mjs/.test(id) ? transformSqlite(code) : null;
    }
  };
}

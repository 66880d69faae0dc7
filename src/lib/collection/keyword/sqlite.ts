import type { Database, Sqlite3Static } from '@sqlite.org/sqlite-wasm';

/** SQLite itself, and one open database. */
export type SqliteModule = Sqlite3Static;
export type Sqlite = Database;

let loading: Promise<SqliteModule> | undefined;

/**
 * Loads SQLite (0.2 MB of JavaScript and 0.9 MB of WebAssembly, once); a failed load is forgotten, so that
 * it can be tried again. Only this file imports it.
 */
export function loadSqlite(): Promise<SqliteModule> {
  loading ??= start().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** SQLite in memory alone: what would keep databases in the browser's storage is not set up. */
async function start(): Promise<SqliteModule> {
  const { default: initialise } = await import('@sqlite.org/sqlite-wasm');
  const vfs = { kvvfs: true, opfs: true, 'opfs-vfs': true, 'opfs-sahpool': true, 'opfs-wl': true };
  // Where it looks for settings; it is deleted as it is read.
  Object.assign(globalThis, { sqlite3ApiConfig: { disable: { vfs } } });
  return initialise();
}

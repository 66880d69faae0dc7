import type { Database, Sqlite3Static } from '@sqlite.org/sqlite-wasm';

/** SQLite itself, and one open database. */
export type SqliteModule = Sqlite3Static;
export type Sqlite = Database;

let loading: Promise<SqliteModule> | undefined;

/**
 * Loads SQLite (880 kB of WebAssembly, once); a failed load is forgotten, so that it can be tried again.
 * Only this file imports it.
 */
export function loadSqlite(): Promise<SqliteModule> {
  loading ??= import('@sqlite.org/sqlite-wasm')
    .then(({ default: initialise }) => initialise())
    .catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
  return loading;
}

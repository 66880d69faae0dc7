import { openDB, type IDBPDatabase, type IDBPTransaction } from 'idb';
import { SemblanceError, StoreError } from '#lib/base/errors.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Schema } from './schema.ts';

// A mapped copy, since an interface has no index signature and idb asks for one.
type Stores = { [Name in keyof Schema]: Schema[Name] };

/** An open connection; every key and value is typed by `Schema`. */
export type Database = IDBPDatabase<Stores>;

/** Name of a store. */
export type StoreName = keyof Schema;

/** A transaction that reads; asking it for a store it was not opened for throws. */
export type Reading = IDBPTransaction<Stores, StoreName[], 'readonly' | 'readwrite'>;

/** A transaction that reads and writes. */
export type Writing = IDBPTransaction<Stores, StoreName[], 'readwrite'>;

/**
 * Takes the database from one version to the next, synchronously: it may make and drop stores and
 * start cursors, and awaits nothing. Untyped, since the shapes it meets are not today's. A released
 * migration never changes.
 */
export type Migration = (
  db: IDBPDatabase,
  tx: IDBPTransaction<unknown, string[], 'versionchange'>
) => void;

/** How to open the database. */
export interface OpenOptions {
  name?: string;
  migrations?: Migration[];
  /** The connection is closed: it gave way to another tab, or the browser ended it. */
  onClosed?: () => void;
  blockedAfterMs?: number;
}

/**
 * Opens the database, running the migrations it has not seen; its version is their number. The
 * connection gives way to a newer tab: it closes itself and calls `onClosed`. Throws `StoreError`:
 * `database-blocked` when an older tab holds the database for `blockedAfterMs`, `database-newer`
 * when it was made by newer code, `storage-failed` for anything else.
 */
export async function openDatabase({
  name = 'semblance',
  migrations = MIGRATIONS,
  onClosed,
  blockedAfterMs = 10_000
}: OpenOptions = {}): Promise<Database> {
  const blocked = Promise.withResolvers<never>();
  const timer = setTimeout(() => blocked.reject(databaseBlocked()), blockedAfterMs);
  let failure: unknown;
  const opening = openDB<Stores>(name, migrations.length, {
    upgrade(db, from, _to, tx) {
      // The database is ours now: a long upgrade is not a blocked one.
      clearTimeout(timer);
      tx.done.catch(() => undefined);
      try {
        for (const migrate of migrations.slice(from)) {
          migrate(db as unknown as IDBPDatabase, tx as unknown as Parameters<Migration>[1]);
        }
      } catch (error) {
        failure = error;
        tx.abort();
      }
    }
  });
  try {
    const db = await Promise.race([opening, blocked.promise]);
    db.addEventListener('versionchange', () => {
      db.close();
      onClosed?.();
    });
    // Comes only when the browser closes it, such as when the reader clears the page's data.
    db.addEventListener('close', () => onClosed?.());
    return db;
  } catch (error) {
    // An open that comes through after we gave up would itself hold up the next upgrade.
    opening.then(
      (db) => db.close(),
      () => undefined
    );
    throw toStoreError(failure ?? error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs `work` in one transaction that changes `stores`, and resolves when it is on the disk
 * (`complete`, strict durability): a `put` that succeeded may still be undone for lack of room.
 * When anything fails, nothing of it is kept. `work` awaits only requests of its transaction,
 * every one of them; anything else would let the transaction commit half-way. Throws what `work`
 * throws, and `StoreError`: `quota-exceeded`, `database-closed`, `storage-failed`.
 */
export async function write<T>(
  db: Database,
  stores: StoreName[],
  work: (tx: Writing) => T | Promise<T>
): Promise<T> {
  return transact(() => db.transaction(stores, 'readwrite', { durability: 'strict' }), work);
}

/** Runs `work` in one transaction that sees `stores` as they are at one moment; see {@link write}. */
export async function read<T>(
  db: Database,
  stores: StoreName[],
  work: (tx: Reading) => T | Promise<T>
): Promise<T> {
  return transact(() => db.transaction(stores, 'readonly') as Reading, work);
}

async function transact<Tx extends Reading | Writing, T>(
  open: () => Tx,
  work: (tx: Tx) => T | Promise<T>
): Promise<T> {
  let tx: Tx | undefined;
  try {
    tx = open();
    // Watched from the start, so that an abort while `work` is running is not an unhandled rejection.
    tx.done.catch(() => undefined);
    const result = await work(tx);
    await tx.done;
    return result;
  } catch (error) {
    // Requests of an aborted transaction only say that it was aborted; the transaction says why.
    const reason = tx?.error ?? error;
    if (tx) await abort(tx);
    throw toStoreError(reason);
  }
}

async function abort(tx: Reading | Writing): Promise<void> {
  try {
    tx.abort();
  } catch {
    // It had ended already.
  }
  await tx.done.catch(() => undefined);
}

/** Keys of several parts that start with `first` (and go on with `from` or more). */
export function keysOf(first: string, from?: number): IDBKeyRange {
  // An array sorts after every other part of a key.
  return IDBKeyRange.bound(from === undefined ? [first] : [first, from], [first, []]);
}

/** A browser's storage error as a `StoreError` with advice; errors of ours pass unchanged. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof SemblanceError || !(error instanceof DOMException)) return error;
  switch (error.name) {
    case 'QuotaExceededError':
      return quotaExceeded();
    case 'VersionError':
      return new StoreError(
        'database-newer',
        'Your collections were last opened by a newer version of this page.',
        'Reload the page to get the newer version.'
      );
    case 'InvalidStateError':
      return new StoreError(
        'database-closed',
        'The connection to the browser’s storage was closed.',
        'Try again; if it stays so, reload the page.'
      );
    default:
      return new StoreError(
        'storage-failed',
        `The browser’s storage failed: ${error.message || error.name}.`,
        'Reload the page and try again.'
      );
  }
}

/** The error for a device or browser without room; nothing was written. */
export function quotaExceeded(detail: Record<string, unknown> = {}): StoreError {
  return new StoreError(
    'quota-exceeded',
    'There is not enough room in the browser’s storage.',
    'Delete a collection you no longer need, or free space on the disk, then try again.',
    detail
  );
}

function databaseBlocked(): StoreError {
  return new StoreError(
    'database-blocked',
    'An older version of this page is open in another tab and holds the storage.',
    'Close the other tabs of this page, then reload.'
  );
}

import { StoreError } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import type { Collection } from '../types.ts';
import { write, type Database, type Reading, type StoreName, type Writing } from './database.ts';
import { RowSet } from './row-set.ts';

/** A collection and the state of its rows: what nearly every change reads first and writes last. */
export interface CollectionState {
  readonly collection: Collection;
  /** Rows that have a vector. */
  readonly embedded: RowSet;
  /** Rows that were deleted or replaced; they may have a vector or not. */
  readonly dead: RowSet;
}

/**
 * Changes a collection in one {@link write} over `stores`: reads its state, lets `work` change it,
 * and writes it back. When dead rows have changed, `deadRevision` has risen by the time this
 * resolves. Throws `StoreError` `collection-gone`, and what `write` throws.
 */
export function edit<T>(
  db: Database,
  id: CollectionId,
  stores: StoreName[],
  work: (state: CollectionState, tx: Writing) => T | Promise<T>
): Promise<T> {
  return write(db, ['collections', 'rows', ...stores], async (tx) => {
    const state = await loadState(tx, id);
    const result = await work(state, tx);
    await saveState(tx, state);
    return result;
  });
}

/** The collection, or `StoreError` `collection-gone`. */
export async function requireCollection(tx: Reading, id: CollectionId): Promise<Collection> {
  const collection = await tx.objectStore('collections').get(id);
  if (collection) return collection;
  throw new StoreError(
    'collection-gone',
    'This collection has been deleted.',
    'Go back to your collections.',
    { collection: id }
  );
}

/** A collection and the state of its rows, or `StoreError` `collection-gone`. */
export async function loadState(tx: Reading, id: CollectionId): Promise<CollectionState> {
  const collection = await requireCollection(tx, id);
  const states = await tx.objectStore('rows').get(id);
  return {
    collection,
    embedded: new RowSet(states?.embedded),
    dead: new RowSet(states?.dead)
  };
}

/** Writes back what has changed. */
export async function saveState(tx: Writing, state: CollectionState): Promise<void> {
  const { collection, embedded, dead } = state;
  if (dead.changed) collection.deadRevision++;
  await tx.objectStore('collections').put(collection);
  if (!embedded.changed && !dead.changed) return;
  await tx
    .objectStore('rows')
    .put({ collection: collection.id, embedded: embedded.bits, dead: dead.bits });
}

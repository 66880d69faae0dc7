import type { CollectionId } from '#lib/base/ids.ts';
import type { Collection, CollectionCounts, Field } from '../types.ts';
import { keysOf, read, write, type Database } from './database.ts';
import { edit, loadState, requireCollection, saveState } from './edit.ts';
import { RowSet } from './row-set.ts';
import type { StagedItem } from './schema.ts';
import { assertNotPredicted } from './predictions.ts';
import { stageItems, type ItemEdit, type NewItem, type StagedCounts } from './staging.ts';

/** Every collection, newest first. */
export async function listCollections(db: Database): Promise<Collection[]> {
  const all = await read(db, ['collections'], (tx) => tx.objectStore('collections').getAll());
  return all.sort((a, b) => b.createdAt - a.createdAt);
}

/** One collection; throws `StoreError` `collection-gone`. */
export function getCollection(db: Database, id: CollectionId): Promise<Collection> {
  return read(db, ['collections'], (tx) => requireCollection(tx, id));
}

/**
 * Keeps a new collection with all its items, at rows 0…, in one transaction: all or nothing. Items
 * are drawn from the iterable as they are written, so that 100,000 never stand in memory at once.
 * Of items with one id the last one lives. Throws what the iterable throws, and what `write` throws.
 */
export async function createCollection(
  db: Database,
  collection: Omit<Collection, 'nextRow' | 'generation' | 'deadRevision'>,
  items: Iterable<Omit<StagedItem, 'row'>>
): Promise<void> {
  await write(db, ['collections', 'rows', 'items'], async (tx) => {
    const state = {
      collection: { ...collection, nextRow: 0, generation: 0, deadRevision: 0 },
      embedded: new RowSet(),
      dead: new RowSet()
    };
    await tx.objectStore('collections').add(state.collection);
    await stageItems(tx, state, items);
    await saveState(tx, state);
  });
}

/**
 * Adds items and any new fields to a collection, in one transaction: all or nothing. An item whose
 * id is taken takes that item's place: at once when that one has no vector yet, else as soon as its
 * own is acknowledged, so that it stays findable meanwhile. Tells what became of the items, and what undoing
 * it takes.
 * Throws what the iterable throws, `StoreError` `collection-gone`, `field-taken` when a field is called as
 * predictions that are kept, and what `write` throws.
 */
export function appendItems(
  db: Database,
  id: CollectionId,
  items: Iterable<NewItem>,
  fields: Field[]
): Promise<StagedCounts & { edit: ItemEdit }> {
  return edit(db, id, ['items', 'derived'], async (state, tx) => {
    await assertNotPredicted(tx, id, fields);
    const staged = await stageItems(tx, state, items);
    const known = new Set(state.collection.fields.map(({ name }) => name));
    // Where no item came, no field did.
    if (staged.added + staged.replaced > 0) {
      state.collection.fields.push(...fields.filter(({ name }) => !known.has(name)));
    }
    return staged;
  });
}

/** Changes what the reader may change of a collection; throws `StoreError` `collection-gone`. */
export async function updateCollection(
  db: Database,
  id: CollectionId,
  change: Partial<Pick<Collection, 'name' | 'titleField' | 'lastExportAt'>>
): Promise<void> {
  await edit(db, id, [], ({ collection }) => Object.assign(collection, change));
}

/** Deletes a collection and everything kept for it; one that is gone already is no error. */
export async function deleteCollection(db: Database, id: CollectionId): Promise<void> {
  const byId = ['collections', 'rows', 'runs', 'graphs'] as const;
  const byPart = ['items', 'segments', 'codes', 'derived'] as const;
  await write(db, [...byId, ...byPart], (tx) =>
    Promise.all([
      ...byId.map((store) => tx.objectStore(store).delete(id)),
      ...byPart.map((store) => tx.objectStore(store).delete(keysOf(id)))
    ])
  );
}

/** How far a collection is; reads neither items nor vectors. Throws `StoreError` `collection-gone`. */
export function countRows(db: Database, id: CollectionId): Promise<CollectionCounts> {
  return read(db, ['collections', 'rows'], async (tx) => {
    const { collection, embedded, dead } = await loadState(tx, id);
    const settled = embedded.union(dead).size;
    return { live: settled - dead.size, pending: collection.nextRow - settled };
  });
}

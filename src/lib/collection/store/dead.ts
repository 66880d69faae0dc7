import type { CollectionId, Row } from '#lib/base/ids.ts';
import { read, type Database } from './database.ts';
import { edit, loadState } from './edit.ts';
import type { DeadRows } from './schema.ts';

/** A collection's dead rows; throws `StoreError` `collection-gone`. */
export function getDeadRows(db: Database, id: CollectionId): Promise<DeadRows> {
  return read(db, ['collections', 'rows'], async (tx) => {
    const { collection, dead } = await loadState(tx, id);
    return { collection: id, bits: dead.bits, revision: collection.deadRevision };
  });
}

/** Marks rows as dead; their items and vectors stay. Throws `StoreError` `collection-gone`. */
export async function killRows(
  db: Database,
  id: CollectionId,
  rows: Iterable<Row>
): Promise<{ deadRevision: number }> {
  const { deadRevision } = await edit(db, id, [], ({ collection, dead }) => {
    for (const row of rows) dead.add(row);
    return collection;
  });
  return { deadRevision };
}

/** Undoes {@link killRows}: the rows are live or pending again, as they were. */
export async function reviveRows(
  db: Database,
  id: CollectionId,
  rows: Iterable<Row>
): Promise<{ deadRevision: number }> {
  const { deadRevision } = await edit(db, id, [], ({ collection, dead }) => {
    for (const row of rows) dead.delete(row);
    return collection;
  });
  return { deadRevision };
}

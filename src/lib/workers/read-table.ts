import type { CollectionId, Row } from '#lib/base/ids.ts';
import { read, type Database } from '#lib/collection/store/database.ts';
import { loadState } from '#lib/collection/store/edit.ts';
import { predictionsIn } from '#lib/collection/store/predictions.ts';
import { iterateBlocks } from '#lib/collection/store/items.ts';
import { ItemTable } from '#lib/collection/table/item-table.ts';

/**
 * Brings a table to what the store has now, reading only items that are new; a collection whose rows
 * were numbered anew gets another table. Throws `StoreError` `collection-gone`, and what reading
 * throws: the table is then as it was, or has some of the new items.
 */
export async function readTable(
  db: Database,
  id: CollectionId,
  last: ItemTable | undefined,
  onProgress: (read: Row, total: Row) => void = () => {}
): Promise<ItemTable> {
  const stores = ['collections', 'rows', 'derived'] as const;
  const { collection, embedded, dead, predictions } = await read(db, [...stores], async (tx) => ({
    ...(await loadState(tx, id)),
    predictions: await predictionsIn(tx, id)
  }));
  const same = last?.collection.generation === collection.generation;
  const table = same ? last : new ItemTable(collection);
  if (table.size < collection.nextRow) {
    for await (const { items } of iterateBlocks(db, id, table.size)) {
      table.add(items);
      onProgress(table.size, collection.nextRow);
    }
  }
  table.update(collection, { embedded: embedded.bits, dead: dead.bits });
  table.predict(predictions);
  return table;
}

import type { CollectionId } from '#lib/base/ids.ts';
import type { IndexSettings } from '#lib/index/types.ts';
import { read, write, type Database } from './database.ts';
import { requireCollection } from './edit.ts';

/** What is kept of a collection's index beside the graph; undefined until something was kept. */
export async function getIndexSettings(
  db: Database,
  id: CollectionId
): Promise<IndexSettings | undefined> {
  const derived = await read(db, ['derived'], (tx) =>
    tx.objectStore('derived').get([id, 'index', 'settings'])
  );
  return derived?.value;
}

/** Keeps a collection's index settings; throws `StoreError` `collection-gone`. */
export async function saveIndexSettings(
  db: Database,
  id: CollectionId,
  settings: IndexSettings
): Promise<void> {
  await write(db, ['collections', 'derived'], async (tx) => {
    await requireCollection(tx, id);
    await tx
      .objectStore('derived')
      .put({ collection: id, kind: 'index', name: 'settings', value: settings });
  });
}

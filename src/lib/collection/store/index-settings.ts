import type { CollectionId } from '#lib/base/ids.ts';
import type { IndexSettings } from '#lib/index/types.ts';
import { read, write, type Database, type Reading } from './database.ts';
import { requireCollection } from './edit.ts';

/** What is kept of a collection's index beside the graph; undefined until something was kept. */
export function getIndexSettings(
  db: Database,
  id: CollectionId
): Promise<IndexSettings | undefined> {
  return read(db, ['derived'], (tx) => indexSettingsIn(tx, id));
}

/**
 * Changes a collection's index settings from what is kept, also by another tab, and tells what is
 * kept then. `change` gets undefined where nothing was kept. Throws `StoreError` `collection-gone`,
 * what `change` throws, and what `write` throws; then nothing has changed.
 */
export function changeIndexSettings(
  db: Database,
  id: CollectionId,
  change: (settings: IndexSettings | undefined) => IndexSettings
): Promise<IndexSettings> {
  return write(db, ['collections', 'derived'], async (tx) => {
    await requireCollection(tx, id);
    const value = change(await indexSettingsIn(tx, id));
    await tx.objectStore('derived').put({ collection: id, kind: 'index', name: 'settings', value });
    return value;
  });
}

/** {@link getIndexSettings} in a transaction that sees `derived`. */
export async function indexSettingsIn(
  tx: Reading,
  id: CollectionId
): Promise<IndexSettings | undefined> {
  const kept = await tx.objectStore('derived').get([id, 'index', 'settings']);
  return kept?.kind === 'index' ? kept.value : undefined;
}

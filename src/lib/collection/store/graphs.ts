import type { CollectionId } from '#lib/base/ids.ts';
import type { SavedGraph } from '#lib/index/types.ts';
import { read, write, type Database } from './database.ts';
import { requireCollection } from './edit.ts';

/** Keeps a collection's graph in place of an older one; throws `StoreError` `collection-gone`. */
export async function saveGraph(db: Database, graph: SavedGraph): Promise<void> {
  await write(db, ['collections', 'graphs'], async (tx) => {
    await requireCollection(tx, graph.collection);
    await tx.objectStore('graphs').put(graph);
  });
}

/** A collection's saved graph; its shards are handles, read by the caller. */
export function loadGraph(db: Database, id: CollectionId): Promise<SavedGraph | undefined> {
  return read(db, ['graphs'], (tx) => tx.objectStore('graphs').get(id));
}

/** Lets go of a collection's saved graph, so that it is built anew; none is no error. */
export async function deleteGraph(db: Database, id: CollectionId): Promise<void> {
  await write(db, ['graphs'], (tx) => tx.objectStore('graphs').delete(id));
}

import type { CollectionId } from '#lib/base/ids.ts';
import type { GraphStamp, IndexSettings, SavedGraph } from '#lib/index/types.ts';
import { read, write, type Database } from './database.ts';
import { requireCollection } from './edit.ts';
import { indexSettingsIn } from './index-settings.ts';

/**
 * Keeps a collection's graph in place of an older one, and tells whether it did: a graph of other
 * parameters than the reader has chosen, maybe in another tab, is not kept. Throws `StoreError`
 * `collection-gone`, and what `write` throws.
 */
export function saveGraph(db: Database, graph: SavedGraph): Promise<boolean> {
  return write(db, ['collections', 'graphs', 'derived'], async (tx) => {
    const { space } = await requireCollection(tx, graph.collection);
    const settings = await indexSettingsIn(tx, graph.collection);
    if (settings && !isOfChoice(graph.stamp, settings, space.dimensions)) return false;
    await tx.objectStore('graphs').put(graph);
    return true;
  });
}

function isOfChoice(
  stamp: GraphStamp,
  { choice, fewestDimensions = 0 }: IndexSettings,
  most: number
): boolean {
  if (stamp.M !== choice.M || stamp.efConstruction !== choice.efConstruction) return false;
  // More dimensions than there are means all of them.
  const { dimensions } = choice;
  if (dimensions === 'automatic') return stamp.dimensions >= fewestDimensions;
  return stamp.dimensions === Math.min(dimensions, most);
}

/** A collection's saved graph; its shards are handles, read by the caller. */
export function loadGraph(db: Database, id: CollectionId): Promise<SavedGraph | undefined> {
  return read(db, ['graphs'], (tx) => tx.objectStore('graphs').get(id));
}

/** Lets go of a collection's saved graph, so that it is built anew; none is no error. */
export async function deleteGraph(db: Database, id: CollectionId): Promise<void> {
  await write(db, ['graphs'], (tx) => tx.objectStore('graphs').delete(id));
}

import type { CollectionId, Row } from '#lib/base/ids.ts';
import { keysOf, type Writing } from './database.ts';
import type { CollectionState } from './edit.ts';
import { BLOCK_ROWS, type ItemBlock, type StagedItem } from './schema.ts';

/** An item on its way in: the store gives it its row. */
export type NewItem = Omit<StagedItem, 'row' | 'replaces'>;

/** What became of staged items; every one counts once. */
export interface StagedCounts {
  added: number;
  replaced: number;
}

/** The newest row of an id that is not dead. */
type Holder = Pick<StagedItem, 'row' | 'replaces'>;

/**
 * Gives items the next rows of a collection and writes them block by block; changes `state`, which
 * the caller saves. An item whose id another row holds takes that row's place.
 */
export async function stageItems(
  tx: Writing,
  state: CollectionState,
  items: Iterable<NewItem>
): Promise<StagedCounts> {
  const { collection } = state;
  const counts: StagedCounts = { added: 0, replaced: 0 };
  const holders = await readHolders(tx, state);
  let block = await lastBlock(tx, state);
  for (const item of items) {
    const row = collection.nextRow++;
    const holder = holders.get(item.id);
    const replaces = holder && supersede(holder, state);
    holders.set(item.id, { row, replaces });
    block.items.push({ ...item, row, replaces });
    counts[holder ? 'replaced' : 'added']++;
    if (block.items.length === BLOCK_ROWS) {
      await tx.objectStore('items').put(block);
      block = emptyBlock(collection.id, collection.nextRow);
    }
  }
  if (block.items.length > 0) await tx.objectStore('items').put(block);
  return counts;
}

/**
 * Makes way for a new row of the same id. A row with a vector stays findable until the new one has
 * its own, and is returned; one without dies at once and hands on what it was waiting to replace.
 */
function supersede(holder: Holder, { embedded, dead }: CollectionState): Row | undefined {
  if (embedded.has(holder.row)) return holder.row;
  dead.add(holder.row);
  return holder.replaces;
}

async function readHolders(
  tx: Writing,
  { collection, dead }: CollectionState
): Promise<Map<string, Holder>> {
  const holders = new Map<string, Holder>();
  for await (const { value } of tx.objectStore('items').iterate(keysOf(collection.id))) {
    for (const { id, row, replaces } of value.items) {
      if (!dead.has(row)) holders.set(id, { row, replaces });
    }
  }
  return holders;
}

async function lastBlock(tx: Writing, { collection }: CollectionState): Promise<ItemBlock> {
  const empty = emptyBlock(collection.id, collection.nextRow);
  return (await tx.objectStore('items').get([collection.id, empty.block])) ?? empty;
}

function emptyBlock(collection: CollectionId, nextRow: Row): ItemBlock {
  return { collection, block: Math.floor(nextRow / BLOCK_ROWS), items: [] };
}

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
  /** Of an id whose item says the same already: nothing was done. */
  unchanged: number;
}

/** What an edit did: as much as undoing it takes. Plain data. */
export interface ItemEdit {
  generation: number;
  /** Rows that it brought. */
  born: Row[];
  /** Rows that are gone by it, at once or when the born ones have their vectors. */
  gone: Row[];
}

/**
 * Gives items the next rows of a collection and writes them block by block; changes `state`, which
 * the caller saves. An item whose id another row holds takes that row's place, unless it says just the same.
 */
export async function stageItems(
  tx: Writing,
  state: CollectionState,
  items: Iterable<NewItem>
): Promise<StagedCounts & { edit: ItemEdit }> {
  const counts: StagedCounts = { added: 0, replaced: 0, unchanged: 0 };
  const { generation, nextRow: firstBorn } = state.collection;
  const gone = new Set<Row>();
  const holders = await readHolders(tx, state);
  function* makers(): Generator<(row: Row) => StagedItem> {
    for (const item of items) {
      const holder = holders.get(item.id);
      if (holder && isSame(holder, item)) {
        counts.unchanged++;
        continue;
      }
      yield (row) => {
        for (const old of [holder?.row, holder?.replaces]) {
          if (old !== undefined && old < firstBorn && !state.dead.has(old)) gone.add(old);
        }
        const staged = { ...item, row, replaces: holder && supersede(holder, state) };
        holders.set(item.id, staged);
        counts[holder ? 'replaced' : 'added']++;
        return staged;
      };
    }
  }
  await appendRows(tx, state, makers());
  const born: Row[] = [];
  // One that another of the same id replaced at once is no more.
  for (let row = firstBorn; row < state.collection.nextRow; row++) {
    if (!state.dead.has(row)) born.push(row);
  }
  return { ...counts, edit: { generation, born, gone: [...gone] } };
}

/**
 * Writes items at the next rows of a collection, block by block, each made when its row is known; changes
 * `state`, which the caller saves.
 */
export async function appendRows(
  tx: Writing,
  state: CollectionState,
  makers: Iterable<(row: Row) => StagedItem>
): Promise<void> {
  const { collection } = state;
  let block = await lastBlock(tx, state);
  for (const make of makers) {
    block.items.push(make(collection.nextRow++));
    if (block.items.length === BLOCK_ROWS) {
      await tx.objectStore('items').put(block);
      block = emptyBlock(collection.id, collection.nextRow);
    }
  }
  if (block.items.length > 0) await tx.objectStore('items').put(block);
}

/** Whether an item says just what the one says whose id it has. */
export function isSame(a: NewItem, b: NewItem): boolean {
  if (a.textHash !== b.textHash) return false;
  return isEqual(a.fields, b.fields) && isEqual(a.passage ?? null, b.passage ?? null);
}

/** Compares plain data; the order of names does not count. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const names = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    names.length === Object.keys(b).length &&
    names.every(
      (name) =>
        Object.hasOwn(b, name) &&
        isEqual((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name])
    )
  );
}

/**
 * Makes way for a new row of the same id. A row with a vector stays findable until the new one has
 * its own, and is returned; one without dies at once and hands on what it was waiting to replace.
 */
export function supersede(
  holder: Pick<StagedItem, 'row' | 'replaces'>,
  { embedded, dead }: CollectionState
): Row | undefined {
  if (embedded.has(holder.row)) return holder.row;
  dead.add(holder.row);
  return holder.replaces;
}

async function readHolders(
  tx: Writing,
  { collection, dead }: CollectionState
): Promise<Map<string, StagedItem>> {
  const holders = new Map<string, StagedItem>();
  for await (const { value } of tx.objectStore('items').iterate(keysOf(collection.id))) {
    for (const item of value.items) if (!dead.has(item.row)) holders.set(item.id, item);
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

import type { CollectionId, Row } from '#lib/base/ids.ts';
import { keysOf, read, type Database, type Reading } from './database.ts';
import { BLOCK_ROWS, type ItemBlock, type StagedItem } from './schema.ts';

/** Blocks read in one transaction: few, so that writers are not held up. */
const BLOCKS_AT_ONCE = 4;

/** The items at `rows`, in that order, dead or not; undefined where there is none. */
export function readItems(
  db: Database,
  id: CollectionId,
  rows: ArrayLike<Row>
): Promise<(StagedItem | undefined)[]> {
  return read(db, ['items'], (tx) => itemsAt(tx, id, rows));
}

/** {@link readItems} inside a transaction; each block is read once. */
export async function itemsAt(
  tx: Reading,
  id: CollectionId,
  rows: ArrayLike<Row>
): Promise<(StagedItem | undefined)[]> {
  const wanted = Array.from(rows);
  const numbers = new Set(wanted.map((row) => Math.floor(row / BLOCK_ROWS)));
  const blocks = await Promise.all(
    Array.from(numbers, (block) => tx.objectStore('items').get([id, block]))
  );
  const byRow = new Map<Row, StagedItem>();
  for (const block of blocks) for (const item of block?.items ?? []) byRow.set(item.row, item);
  return wanted.map((row) => byRow.get(row));
}

/**
 * Every block of a collection from the one that `from` lies in, by rising rows. Writers may come in between: items staged after the
 * call may or may not be seen, and a collection deleted meanwhile just ends.
 */
export async function* iterateBlocks(
  db: Database,
  id: CollectionId,
  from: Row = 0
): AsyncGenerator<ItemBlock> {
  for (let next = Math.floor(from / BLOCK_ROWS); ;) {
    const blocks = await read(db, ['items'], (tx) =>
      tx.objectStore('items').getAll(keysOf(id, next), BLOCKS_AT_ONCE)
    );
    yield* blocks;
    if (blocks.length < BLOCKS_AT_ONCE) return;
    next = blocks.at(-1)!.block + 1;
  }
}

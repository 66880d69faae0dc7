import { describe, expect, test } from 'vitest';
import { bitAt } from '#lib/base/bits.ts';
import { newCollectionId } from '#lib/base/ids.ts';
import {
  appendItems,
  countRows,
  createCollection,
  deleteCollection,
  getCollection,
  listCollections,
  updateCollection
} from '#lib/collection/store/collections.ts';
import { getDeadRows, killRows } from '#lib/collection/store/dead.ts';
import { undoEdit } from '#lib/collection/store/edit-items.ts';
import type { Field } from '#lib/collection/types.ts';
import { saveGraph } from '#lib/collection/store/graphs.ts';
import { changeIndexSettings } from '#lib/collection/store/index-settings.ts';
import { iterateBlocks, readItems } from '#lib/collection/store/items.ts';
import { recordFailures } from '#lib/collection/store/runs.ts';
import { BLOCK_ROWS } from '#lib/collection/store/schema.ts';
import {
  collectionOf,
  commit,
  expectCode,
  freshDatabase,
  GRAPH_STAMP,
  INDEX_SETTINGS,
  item,
  open,
  recordsByStore,
  SPACE
} from './support.ts';

const RECORD = {
  name: 'Things',
  space: SPACE,
  template: '{title}',
  titleField: null,
  idField: null,
  fields: [],
  createdAt: 1,
  lastExportAt: null
};

function* failingAfter(count: number) {
  for (let n = 0; n < count; n++) yield item(`item ${n}`);
  throw new Error('the file ended in the middle');
}

describe('a collection', () => {
  test('is kept with its items at rows 0…, in blocks', async () => {
    const db = await freshDatabase();
    const ids = Array.from({ length: 9 * BLOCK_ROWS + 2 }, (_, n) => `item ${n}`);
    const id = await collectionOf(db, ids);

    expect(await getCollection(db, id)).toMatchObject({ nextRow: ids.length, deadRevision: 0 });
    expect(await countRows(db, id)).toEqual({ live: 0, pending: ids.length });
    const blocks = await Array.fromAsync(iterateBlocks(db, id));
    expect(blocks.map(({ block }) => block)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(blocks.map(({ items }) => items.length)).toEqual([...Array(9).fill(BLOCK_ROWS), 2]);
    const items = blocks.flatMap((block) => block.items);
    expect(items.map(({ row }) => row)).toEqual(ids.map((_, row) => row));
    expect(items.map((one) => one.id)).toEqual(ids);
  });

  test('is listed newest first', async () => {
    const db = await freshDatabase();
    const old = await collectionOf(db, [], { createdAt: 1 });
    const newest = await collectionOf(db, [], { createdAt: 3 });
    const middle = await collectionOf(db, [], { createdAt: 2 });
    expect((await listCollections(db)).map(({ id }) => id)).toEqual([newest, middle, old]);
  });

  test('can be renamed, and nothing else changes', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a']);
    const before = await getCollection(db, id);
    await updateCollection(db, id, { name: 'Better' });
    expect(await getCollection(db, id)).toEqual({ ...before, name: 'Better' });
  });

  test('leaves nothing in any store when it is deleted, and takes nothing of another', async () => {
    const db = await freshDatabase();
    const kept = await collectionOf(db, ['a']);
    await commit(db, kept, [0]);
    await changeIndexSettings(db, kept, () => INDEX_SETTINGS);
    const before = await recordsByStore(db);
    const id = await collectionOf(db, ['a', 'b', 'c']);
    await commit(db, id, [0]);
    await killRows(db, id, [1]);
    await recordFailures(db, id, [{ row: 2, code: 'input', message: 'Too long.' }]);
    await saveGraph(db, { collection: id, shards: [new Blob(['graph'])], stamp: GRAPH_STAMP });
    await changeIndexSettings(db, id, () => INDEX_SETTINGS);
    const full = await recordsByStore(db);
    for (const store of ['segments', 'codes', 'graphs', 'derived']) {
      expect(full[store]).toBe(before[store]! + 1);
    }

    await deleteCollection(db, id);
    expect(await recordsByStore(db)).toEqual(before);
    expect(await countRows(db, kept)).toEqual({ live: 1, pending: 0 });
    await deleteCollection(db, id);
  });

  test('that is gone is refused by every change', async () => {
    const db = await freshDatabase();
    const id = newCollectionId();
    await expectCode(getCollection(db, id), 'collection-gone');
    await expectCode(countRows(db, id), 'collection-gone');
    await expectCode(updateCollection(db, id, { name: 'x' }), 'collection-gone');
    await expectCode(appendItems(db, id, [item('a')], []), 'collection-gone');
    await expectCode(killRows(db, id, [0]), 'collection-gone');
    await expectCode(recordFailures(db, id, []), 'collection-gone');
    expect(Object.values(await recordsByStore(db)).every((count) => count === 0)).toBe(true);
  });

  test('whose items fail half-way leaves nothing', async () => {
    const db = await freshDatabase();
    const staging = createCollection(
      db,
      { ...RECORD, id: newCollectionId() },
      failingAfter(3 * BLOCK_ROWS)
    );
    await expect(staging).rejects.toThrow('the file ended in the middle');
    expect(Object.values(await recordsByStore(db)).every((count) => count === 0)).toBe(true);
  });

  test('with one id twice keeps the last of them', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b', 'a']);
    expect(await countRows(db, id)).toEqual({ live: 0, pending: 2 });
  });
});

describe('appending', () => {
  test('goes on at the next row, in the block that has room', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b']);
    const ids = Array.from({ length: BLOCK_ROWS }, (_, n) => `more ${n}`);
    const counts = await appendItems(
      db,
      id,
      ids.map((one) => item(one)),
      []
    );
    expect(counts).toMatchObject({ added: BLOCK_ROWS, replaced: 0, unchanged: 0 });
    const blocks = await Array.fromAsync(iterateBlocks(db, id));
    expect(blocks.map(({ items }) => items.length)).toEqual([BLOCK_ROWS, 2]);
    const rows = [BLOCK_ROWS + 1, 0, 2, 99_999];
    const read = await readItems(db, id, rows);
    expect(read.map((one) => one?.id)).toEqual([
      `more ${BLOCK_ROWS - 1}`,
      'a',
      'more 0',
      undefined
    ]);
  });

  test('adds new fields and keeps those there are', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, []);
    const fields: Field[] = [
      { name: 'title', type: 'number' },
      { name: 'price', type: 'number' }
    ];
    // Where no item came, no field did.
    await appendItems(db, id, [], fields);
    expect((await getCollection(db, id)).fields).toHaveLength(1);
    await appendItems(db, id, [item('a')], fields);
    expect((await getCollection(db, id)).fields).toEqual([
      { name: 'title', type: 'text' },
      { name: 'price', type: 'number' }
    ]);
  });

  test('leaves the collection as it was when the items fail half-way', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['item 0', 'b']);
    const before = await getCollection(db, id);
    const fields = [{ name: 'price', type: 'number' as const }];
    await expect(appendItems(db, id, failingAfter(2 * BLOCK_ROWS), fields)).rejects.toThrow('file');
    expect(await getCollection(db, id)).toEqual(before);
    expect(await countRows(db, id)).toEqual({ live: 0, pending: 2 });
    expect(
      (await Array.fromAsync(iterateBlocks(db, id))).flatMap(({ items }) => items)
    ).toHaveLength(2);
  });
});

test('what was appended can be undone, before its vectors are there and after', async () => {
  for (const embedded of [false, true]) {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b', 'c']);
    await commit(db, id, [0, 1]);
    const news = [item('a', 'x'), item('a', 'y'), item('c', 'z'), item('d')];
    const { edit } = await appendItems(db, id, news, []);
    expect(edit).toEqual({ generation: 0, born: [4, 5, 6], gone: [0, 2] });
    if (embedded) await commit(db, id, [4, 5, 6], [0]);
    const { generation, nextRow, deadRevision } = await getCollection(db, id);
    await undoEdit(db, id, { generation, nextRow, deadRevision }, edit);
    expect(await countRows(db, id)).toEqual({ live: 2, pending: 1 });
    const { bits } = await getDeadRows(db, id);
    expect(Array.from({ length: 7 }, (_, row) => bitAt(bits, row))).toEqual([
      ...[false, false, false],
      ...[true, true, true, true]
    ]);
  }
});

describe('an item whose id is taken', () => {
  test('by an embedded row replaces it once its own vector is there', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b']);
    await commit(db, id, [0, 1]);

    expect(await appendItems(db, id, [item('a', 'new'), item('c')], [])).toMatchObject({
      added: 1,
      replaced: 1,
      unchanged: 0
    });
    expect((await readItems(db, id, [2]))[0]!.replaces).toBe(0);
    expect(await countRows(db, id)).toEqual({ live: 2, pending: 2 });

    expect(await commit(db, id, [2], [0])).toEqual({ deadRevision: 1 });
    expect(await countRows(db, id)).toEqual({ live: 2, pending: 1 });
  });

  test('by a pending row replaces it at once', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a']);
    expect(await appendItems(db, id, [item('a', 'new')], [])).toMatchObject({
      added: 0,
      replaced: 1,
      unchanged: 0
    });
    expect((await readItems(db, id, [1]))[0]!.replaces).toBeUndefined();
    expect(await countRows(db, id)).toEqual({ live: 0, pending: 1 });
    expect((await getCollection(db, id)).deadRevision).toBe(1);
  });

  test('by a row that waits to replace another takes over its waiting', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a']);
    await commit(db, id, [0]);
    await appendItems(db, id, [item('a', 'second')], []);
    await appendItems(db, id, [item('a', 'third')], []);
    await appendItems(db, id, [item('a', 'fourth')], []);

    expect((await readItems(db, id, [3]))[0]!.replaces).toBe(0);
    expect(await countRows(db, id)).toEqual({ live: 1, pending: 1 });
    await commit(db, id, [3], [0]);
    expect(await countRows(db, id)).toEqual({ live: 1, pending: 0 });
  });

  test('twice among the new items replaces the old row once', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a']);
    await commit(db, id, [0]);
    expect(await appendItems(db, id, [item('a', 'x'), item('a', 'y')], [])).toMatchObject({
      added: 0,
      replaced: 2,
      unchanged: 0
    });
    expect((await readItems(db, id, [2]))[0]!.replaces).toBe(0);
    expect(await countRows(db, id)).toEqual({ live: 1, pending: 1 });
  });

  test('by one that says just the same changes nothing: a file taken in twice is taken in once', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b']);
    await commit(db, id, [0]);
    const before = await getCollection(db, id);
    const again = [item('a'), item('b'), item('b')];
    expect(await appendItems(db, id, again, [])).toMatchObject({
      added: 0,
      replaced: 0,
      unchanged: 3
    });
    expect(await getCollection(db, id)).toEqual(before);
    const other = { ...item('a'), fields: { title: 'a', price: 3 } };
    expect(await appendItems(db, id, [other], [])).toMatchObject({ replaced: 1 });
    expect(await appendItems(db, id, [other], [])).toMatchObject({ replaced: 0, unchanged: 1 });
  });

  test('only by a dead row is new', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a']);
    await commit(db, id, [0]);
    await killRows(db, id, [0]);
    expect(await appendItems(db, id, [item('a')], [])).toMatchObject({
      added: 1,
      replaced: 0,
      unchanged: 0
    });
  });
});

test('two tabs that append at once get different rows', async () => {
  const db = await freshDatabase();
  const other = await open({ name: db.name });
  const id = await collectionOf(db, ['a']);
  const many = (tab: string) => Array.from({ length: 300 }, (_, n) => item(`${tab} ${n}`));
  await Promise.all([
    appendItems(db, id, many('left'), []),
    appendItems(other, id, many('right'), []),
    appendItems(db, id, many('middle'), [])
  ]);
  const items = (await Array.fromAsync(iterateBlocks(db, id))).flatMap((block) => block.items);
  expect(items.map(({ row }) => row)).toEqual(Array.from({ length: 901 }, (_, row) => row));
  expect(new Set(items.map((one) => one.id)).size).toBe(901);
});

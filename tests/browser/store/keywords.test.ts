import { expect, test } from 'vitest';
import { write, type Database } from '#lib/collection/store/database.ts';
import { deleteCollection } from '#lib/collection/store/collections.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { getKeywords, keepKeywords } from '#lib/collection/store/keywords.ts';
import { ItemTable } from '#lib/collection/table/item-table.ts';
import { TableKeywords } from '#lib/workers/table-keywords.ts';
import { collectionOf, expectCode, freshDatabase, item } from './support.ts';

const bytes = Uint8Array.of(1, 2, 3, 4);

async function damage(db: Database, id: CollectionId): Promise<void> {
  await write(db, ['derived'], async (tx) => {
    const store = tx.objectStore('derived');
    const kept = await store.get([id, 'keywords', 'index']);
    if (kept?.kind !== 'keywords') throw new Error('There is no index to damage.');
    const { value } = kept;
    const blob = new Blob([value.blob.slice(0, -1), 'x']);
    await store.put({ ...kept, value: { ...value, blob } });
  });
}

test('a keyword index is kept, for what it was made of alone', async () => {
  const db = await freshDatabase();
  const id = await collectionOf(db, ['a']);
  expect(await getKeywords(db, id, 'one')).toBeUndefined();
  await keepKeywords(db, id, { madeOf: 'one', bytes });
  expect(await getKeywords(db, id, 'one')).toEqual({ madeOf: 'one', bytes });
  expect(await getKeywords(db, id, 'other')).toBeUndefined();
});

test('a keyword index with another byte is none', async () => {
  const db = await freshDatabase();
  const id = await collectionOf(db, ['a']);
  await keepKeywords(db, id, { madeOf: 'one', bytes });
  await damage(db, id);
  expect(await getKeywords(db, id, 'one')).toBeUndefined();
});

test('no keyword index is kept of a collection that is gone', async () => {
  const db = await freshDatabase();
  const id = await collectionOf(db, ['a']);
  await deleteCollection(db, id);
  await expectCode(keepKeywords(db, id, { madeOf: 'one', bytes }), 'collection-gone');
});

/** A table of many items, some with a bee. */
function manyItems(count: number): ItemTable {
  const table = new ItemTable({
    fields: [],
    template: '{title}',
    titleField: null,
    generation: 0,
    nextRow: count,
    deadRevision: 0
  });
  const text = (row: number) => (row % 1000 === 7 ? 'a bee' : `wasp ${row}`);
  table.add(Array.from({ length: count }, (_, row) => ({ ...item(`${row}`, text(row)), row })));
  return table;
}

/** What finds a bee as a page does that is opened anew, and the rows taken in for that. */
async function findBees(db: Database, id: CollectionId, table: ItemTable) {
  const keywords = new TableKeywords(() => Promise.resolve(db), id);
  const all = new Uint8Array(table.size).fill(255);
  let taken = 0;
  const { rows } = await keywords.search(table, 'bee', 3, all, (done) => (taken = done));
  keywords.close();
  return { rows: [...rows], taken };
}

test('the index of many items is made once, caught up, and made again when it was damaged', async () => {
  const db = await freshDatabase();
  const id = await collectionOf(db, ['a']);
  const table = manyItems(6000);
  const rows = [7, 1007, 2007];
  expect(await findBees(db, id, table)).toEqual({ rows, taken: 6000 });
  expect(await findBees(db, id, table)).toEqual({ rows, taken: 0 });
  expect(await findBees(db, id, manyItems(6010))).toEqual({ rows, taken: 10 });
  await damage(db, id);
  expect(await findBees(db, id, table)).toEqual({ rows, taken: 6000 });
  // Bytes as they were kept, of no index.
  const kept = (await getKeywords(db, id, JSON.stringify([0, '{title}'])))!;
  await keepKeywords(db, id, { ...kept, bytes });
  expect(await findBees(db, id, table)).toEqual({ rows, taken: 6000 });
});

import { describe, expect, onTestFinished, test } from 'vitest';
import type { CollectionId } from '#lib/base/ids.ts';
import { connect, expose, type Remote } from '#lib/base/remote.ts';
import { deleteCollection } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { killRows, reviveRows } from '#lib/collection/store/dead.ts';
import { parseFilter } from '#lib/collection/filter/parse.ts';
import { ImportApi } from '#lib/workers/import-api.ts';
import { RegexRunner } from '#lib/workers/regex-runner.ts';
import { TableApi } from '#lib/workers/table-api.ts';
import { expectCode, freshDatabase } from '../store/support.ts';
import { BUILT_IN, choices, jsonFile, makeEmbedding, NEVER, NO_PROGRESS } from './support.ts';

const PRODUCTS = [
  { id: 'a', title: 'Steel pan', price: 40, tags: ['kitchen', 'steel'], sold: '2026-01-05' },
  { id: 'b', title: 'Copper pan', price: 90, tags: ['kitchen'], sold: '2026-02-05' },
  { id: 'c', title: 'Tent', price: 200, tags: ['trail'], sold: null },
  { id: 'd', title: 'Steel bottle', price: 20, tags: [], sold: '2025-12-31' }
];

async function stage(db: Database, records: object[] = PRODUCTS): Promise<CollectionId> {
  const importer = new ImportApi(() => Promise.resolve(db));
  await importer.open(jsonFile(records), NO_PROGRESS, NEVER);
  const keep = ['id', 'title', 'price', 'tags', 'sold'];
  const staged = choices({
    space: BUILT_IN,
    template: '{title}',
    idField: 'id',
    titleField: 'title',
    keep
  });
  await importer.stage(staged, NEVER);
  await makeEmbedding(db, '').run(staged.id, false, NO_PROGRESS);
  return staged.id;
}

/** The table's API over a port, as the page has it. */
async function openTable(db: Database, id: CollectionId): Promise<Remote<TableApi>> {
  const { port1, port2 } = new MessageChannel();
  expose(new TableApi(() => Promise.resolve(db)), port1);
  const { api } = connect<TableApi>(port2);
  await api.open(id);
  return api;
}

describe('the table of a collection', () => {
  test('has its items by row, and finds them by words of their titles', async () => {
    const db = await freshDatabase();
    const table = await openTable(db, await stage(db));
    expect([...(await table.rows())]).toEqual([0, 1, 2, 3]);
    const [pan] = await table.cells(Uint32Array.of(0));
    expect(pan).toMatchObject({ id: 'a', title: 'Steel pan', text: 'Steel pan', pending: false });
    expect((await table.find('pan', 9)).map(({ id }) => id)).toEqual(['a', 'b']);
    expect((await table.find('bottle steel', 9)).map(({ id }) => id)).toEqual(['d']);
    expect(await table.find('', 2)).toHaveLength(2);
    expect(await table.rowsOf(['c', 'nobody'])).toEqual([2, null]);
    expect(await table.rowsOfTexts(['Tent', 'House'])).toEqual([2, null]);
    expect((await table.values('tags')).values).toEqual(['kitchen, steel', 'kitchen', 'trail']);
  });

  test('decides filters, and counts each of their conditions', async () => {
    const db = await freshDatabase();
    const table = await openTable(db, await stage(db));
    const filter = parseFilter(
      '{"$or": [{"$regex": "^Steel"}, {"price": {"$gt": 100}}, {"tags": "trail"}]}'
    );
    const { bits, ...counts } = await table.filter(filter);
    expect(counts).toEqual({ matching: 3, total: 4, conditions: [2, 1, 1] });
    expect(bits[0]).toBe(0b1101);
    expect(await table.filter(null)).toMatchObject({ matching: 4, conditions: [] });
  });

  test('follows deletions, undo, and new items, words included', async () => {
    const db = await freshDatabase();
    const id = await stage(db);
    const table = await openTable(db, id);
    const find = async (question: string) => [...(await table.keywords(question, 9)).rows];
    expect(await find('steel')).toEqual([0, 3]);
    await killRows(db, id, [0]);
    await table.refresh();
    expect(await find('steel')).toEqual([3]);
    expect(await table.rowsOf(['a'])).toEqual([null]);
    await reviveRows(db, id, [0]);
    const importer = new ImportApi(() => Promise.resolve(db));
    await importer.open(jsonFile([{ id: 'e', title: 'Steel nails' }]), NO_PROGRESS, NEVER);
    await importer.append(id, { idField: 'id', keep: [] }, NEVER);
    await table.refresh();
    expect(await table.cells(Uint32Array.of(4))).toMatchObject([{ id: 'e', pending: true }]);
    expect(await find('steel')).toEqual([0, 3]);
    // Asked of what can be found first, and then of those that wait for their vector too.
    const steel = parseFilter('{"$regex": "^Steel"}');
    expect((await table.filter(steel)).matching).toBe(2);
    const view = await table.view({ filter: steel, words: '', sorting: null });
    expect([...view.rows]).toEqual([0, 3, 4]);
    await makeEmbedding(db, '').run(id, false, NO_PROGRESS);
    await table.refresh();
    expect(await find('nails')).toEqual([4]);
  });

  test('of a deleted collection says so', async () => {
    const db = await freshDatabase();
    const id = await stage(db);
    const table = await openTable(db, id);
    await deleteCollection(db, id);
    await expectCode(table.refresh(), 'collection-gone');
  });
});

describe('a regular expression', () => {
  test('that takes for ever is ended and told, and the next one is answered', async () => {
    const runner = new RegexRunner(300);
    onTestFinished(() => runner.end());
    const rows = [{ row: 3, texts: ['x', 'a'.repeat(60)] }];
    const slow = runner.matching('^(a+)+$x', [{ row: 1, texts: [`${'a'.repeat(40)}b`] }]);
    const next = runner.matching('^a{60}$', rows);
    await expect(slow).rejects.toMatchObject({ code: 'regex-too-slow' });
    expect(await next).toEqual(new Set([3]));
  });

  test('that is called off ends at once, and the next one is answered', async () => {
    const runner = new RegexRunner(60_000);
    onTestFinished(() => runner.end());
    const off = new AbortController();
    const rows = [{ row: 1, texts: [`${'a'.repeat(40)}b`] }];
    const endless = runner.matching('^(a+)+$x', rows, off.signal);
    const queued = runner.matching('^a', rows, off.signal);
    const next = runner.matching('^a', rows);
    off.abort();
    await expect(endless).rejects.toMatchObject({ code: 'cancelled' });
    await expect(queued).rejects.toMatchObject({ code: 'cancelled' });
    expect(await next).toEqual(new Set([1]));
  });
});

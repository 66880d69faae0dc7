import { beforeEach, describe, expect, test, vi, onTestFinished } from 'vitest';
import { onChange } from '#lib/base/changes.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { connect, expose, type Remote } from '#lib/base/remote.ts';
import { countRows, getCollection } from '#lib/collection/store/collections.ts';
import { compact } from '#lib/collection/store/compact.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { EngineApi } from '#lib/workers/engine-api.ts';
import { TableApi } from '#lib/workers/table-api.ts';
import { embedText } from '../../support/openai-server/vectors.ts';
import { expectCode, freshDatabase } from '../store/support.ts';
import {
  itemsOf,
  makeEmbedding,
  manyTexts,
  NO_PROGRESS,
  stageTexts,
  standIn,
  vectorsOf
} from './support.ts';

const server = standIn('queries');
beforeEach(() => server.reset());

/** An API in this thread, over a port as the page has it. */
function over<Api extends object>(api: Api): Remote<Api> {
  const { port1, port2 } = new MessageChannel();
  expose(api, port1);
  return connect<Api>(port2).api;
}

async function setUp(texts = manyTexts(5)) {
  const db = await freshDatabase();
  const id = await stageTexts(db, texts, server.space);
  const run = () => makeEmbedding(db, server.baseUrl).run(id, false, NO_PROGRESS);
  await run();
  await server.reset();
  const table = over(new TableApi(() => Promise.resolve(db)));
  await table.open(id);
  return { db, id, run, table };
}

const idAt = async (db: Database, id: CollectionId, row: number) =>
  (await itemsOf(db, id)).find((item) => item.row === row)!.id;

describe('saving an item', () => {
  test('whose text stays takes its vector along: nothing is pending, nothing is bought', async () => {
    const { db, id, table } = await setUp();
    const fields = { text: 'text number 2', note: 'new' };
    expect(await table.previewEdit(2, fields)).toMatchObject({
      textChanged: false,
      tokensToBuy: 0
    });
    const saved = await table.saveItem(2, await idAt(db, id, 2), fields);
    expect(saved).toMatchObject({ pending: false, edit: { born: [5], gone: [2] } });
    expect(await countRows(db, id)).toEqual({ live: 5, pending: 0 });
    const vectors = await vectorsOf(db, id);
    expect(vectors.get(5)).toEqual(vectors.get(2));
    expect((await table.view({ filter: null, words: '', sorting: null })).rows).toEqual(
      Uint32Array.of(0, 1, 5, 3, 4)
    );
    expect(await server.requests()).toEqual([]);
  });

  test('whose text is new waits for its vector, and undoing it brings the old back', async () => {
    const { db, id, run, table } = await setUp();
    const name = await idAt(db, id, 1);
    const preview = await table.previewEdit(1, { text: 'a fresh text' });
    expect(preview).toEqual({ textChanged: true, tokens: 3, tokensToBuy: 3, blank: false });
    const { edit, pending } = await table.saveItem(1, name, { text: 'a fresh text' });
    expect(pending).toBe(true);
    await run();
    expect(await server.texts()).toEqual(['a fresh text']);
    await table.refresh();
    expect(await table.rowsOf([name])).toEqual([5]);
    await table.undo(edit!);
    expect(await table.rowsOf([name])).toEqual([1]);
    expect(await countRows(db, id)).toEqual({ live: 5, pending: 0 });
    // It was bought: saving it once more is free.
    expect(await table.previewEdit(1, { text: 'a fresh text' })).toMatchObject({ tokensToBuy: 0 });
  });

  test('that says what it said changes nothing', async () => {
    const { db, id, table } = await setUp();
    const before = await getCollection(db, id);
    const [item] = await table.cells(Uint32Array.of(3));
    expect(await table.saveItem(3, item!.id, item!.fields)).toEqual({ edit: null, pending: false });
    expect(await getCollection(db, id)).toEqual(before);
  });

  test('as a new one replaces the one that has its id, when that is wanted', async () => {
    const { db, id, table } = await setUp();
    const name = await idAt(db, id, 3);
    const same = await table.saveItem(null, name, { text: 'text number 3', note: 'x' }, true);
    expect(same).toMatchObject({ pending: false, edit: { gone: [3] } });
    const other = await table.saveItem(null, name, { text: 'something else' }, true);
    expect(other.pending).toBe(true);
    expect(await countRows(db, id)).toEqual({ live: 5, pending: 1 });
    await table.undo(other.edit!);
    await table.undo(same.edit!);
    const [row] = await table.rowsOf([name]);
    expect(row).toBe(3);
    expect(await countRows(db, id)).toEqual({ live: 5, pending: 0 });
  });

  test('at a row that has a newer text is refused; deleted there, it is gone whole', async () => {
    const { db, id, table } = await setUp();
    const name = await idAt(db, id, 2);
    await table.saveItem(2, name, { text: 'a newer text' });
    await expectCode(table.saveItem(2, name, { text: 'from an old dialog' }), 'changed-meanwhile');
    await table.removeItems([2]);
    expect(await countRows(db, id)).toEqual({ live: 4, pending: 0 });
  });

  test('is refused where it has no text, its id is taken, or the item is gone', async () => {
    const { db, id, table } = await setUp();
    const name = await idAt(db, id, 0);
    await expectCode(table.saveItem(0, name, { text: ' ' }), 'blank-text');
    await expectCode(table.saveItem(null, name, { text: 'x' }), 'id-taken');
    await table.removeItems([0]);
    await expectCode(table.saveItem(0, name, { text: 'x' }), 'changed-meanwhile');
    expect(await table.saveItem(null, name, { text: 'x' })).toMatchObject({ pending: true });
  });

  test('comes through though another tab is quicker, and tells all tabs', async () => {
    const { db, id, table } = await setUp();
    const other = over(new TableApi(() => Promise.resolve(db)));
    await other.open(id);
    const heard = vi.fn();
    onTestFinished(onChange(heard));
    await other.removeItems([4]);
    await table.saveItem(0, await idAt(db, id, 0), { text: 'changed' });
    expect((await table.view({ filter: null, words: '', sorting: null })).total).toBe(4);
    await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(2));
    expect(heard).toHaveBeenCalledWith({ kind: 'rows', collection: id });
  });

  test('can’t be undone over a newer item of the same id', async () => {
    const { db, id, table } = await setUp();
    const name = await idAt(db, id, 2);
    const edit = await table.removeItems([2]);
    await table.saveItem(null, name, { text: 'another' });
    await expectCode(table.undo(edit), 'changed-meanwhile');
  });
});

test('after compacting, engine and table have the same items under new numbers', async () => {
  const { db, id, table } = await setUp(manyTexts(40));
  const engine = over(new EngineApi(() => Promise.resolve(db)));
  await engine.open(id, null);
  const question = embedText(server.space.model, 'text number 31', server.space.dimensions);
  const find = async () => {
    const { rows, similarities } = await engine.search({ vector: question, k: 5, method: 'exact' });
    const cells = await table.cells(rows);
    return cells.map(({ text }, n) => [text, similarities[n]]);
  };
  await table.removeItems([0, 1, 2, 30]);
  await engine.refresh();
  const before = await find();
  expect(before[0]![0]).toBe('text number 31');
  const word = async () => table.cells((await table.keywords('31', 5)).rows);
  expect((await word()).map(({ row, text }) => [row, text])).toEqual([[31, 'text number 31']]);
  await compact(db, id);
  await engine.refresh();
  await table.refresh();
  expect(await find()).toEqual(before);
  expect((await word()).map(({ row, text }) => [row, text])).toEqual([[27, 'text number 31']]);
});

test('recommendations are what lies nearest to the taste, with their reasons', async () => {
  const { db, id } = await setUp(manyTexts(200));
  const engine = over(new EngineApi(() => Promise.resolve(db)));
  await engine.open(id, null);
  const likes = Uint32Array.of(3, 7);
  const vectors = await engine.vectors(likes);
  const allowed = new Uint8Array(25).fill(255);
  for (const row of likes) allowed[row >> 3]! &= ~(1 << (row & 7));
  const taste = {
    vectors,
    weights: Float32Array.of(1, 2),
    k: 6,
    allowed,
    method: 'automatic' as const
  };
  const { found, because } = await engine.recommend({ ...taste, diversity: 0 });
  const profile = vectors.slice(0, 1536).map((value, d) => value + 2 * vectors[1536 + d]!);
  const length = Math.hypot(...profile);
  const plain = await engine.search({
    vector: profile.map((value) => value / length),
    k: 6,
    method: 'exact',
    allowed
  });
  expect(found.rows).toEqual(plain.rows);
  expect(found.rows).not.toContain(3);
  expect(because.every((reason) => reason!.share > 0 && reason!.share <= 1)).toBe(true);
  const diverse = await engine.recommend({ ...taste, diversity: 0.8 });
  expect(diverse.found.rows[0]).toBe(plain.rows[0]);
  expect(diverse.found.rows).not.toEqual(plain.rows);
  const more = await engine.recommend({ ...taste, diversity: 0.8, k: 170 });
  expect(more.found.rows.slice(0, 6)).toEqual(diverse.found.rows);
  expect(new Set(more.found.rows).size).toBe(170);
});

import { describe, expect, test } from 'vitest';
import { bitAt } from '#lib/base/bits.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import { countRows, getCollection } from '#lib/collection/store/collections.ts';
import { compact, worthCompacting } from '#lib/collection/store/compact.ts';
import { openDatabase, type Database } from '#lib/collection/store/database.ts';
import { getDeadRows } from '#lib/collection/store/dead.ts';
import {
  applyEdit,
  undoEdit,
  type BornItem,
  type ExpectedState
} from '#lib/collection/store/edit-items.ts';
import { iterateBlocks } from '#lib/collection/store/items.ts';
import { listPredictions, savePredictions } from '#lib/collection/store/predictions.ts';
import { getRun, recordFailures } from '#lib/collection/store/runs.ts';
import type { StagedItem } from '#lib/collection/store/schema.ts';
import { commitSegment, listSegments, readVectors } from '#lib/collection/store/segments.ts';
import { readCodes } from '#lib/collection/store/codes.ts';
import type { ItemEdit } from '#lib/collection/store/staging.ts';
import {
  abortPuts,
  batchOf,
  collectionOf,
  expectCode,
  expectNear,
  freshDatabase,
  freshName,
  item,
  listCodes,
  recordsByStore,
  seeded,
  SPACE,
  vectorOf
} from './support.ts';

/** The vector of a text, as if it had been bought. */
const vectorOfText = (text: string) =>
  vectorOf([...text].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7) % 9973);

async function stateOf(db: Database, id: CollectionId): Promise<ExpectedState> {
  const { generation, nextRow, deadRevision } = await getCollection(db, id);
  return { generation, nextRow, deadRevision };
}

async function change(
  db: Database,
  id: CollectionId,
  born: BornItem[],
  kill: Row[] = []
): Promise<ItemEdit> {
  return applyEdit(db, id, { expects: await stateOf(db, id), born, kill });
}

/** Embeds rows as a run does: by their texts, and what they replace goes. */
async function embed(db: Database, id: CollectionId, rows: Row[]): Promise<void> {
  const items = (await itemsOf(db, id)).filter(({ row }) => rows.includes(row));
  const texts = items.map(({ fields }) => fields['title'] as string);
  const batch = batchOf(
    id,
    items.map(({ row }) => row),
    texts
  );
  texts.forEach((text, n) => batch.vectors.set(vectorOfText(text), n * SPACE.dimensions));
  await commitSegment(db, { ...batch, replaces: items.flatMap(({ replaces }) => replaces ?? []) });
}

async function itemsOf(db: Database, id: CollectionId): Promise<StagedItem[]> {
  const items: StagedItem[] = [];
  for await (const block of iterateBlocks(db, id)) items.push(...block.items);
  return items;
}

describe('an edit', () => {
  test('of a field keeps the vector and is live at once; undone, the old is back', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b']);
    await embed(db, id, [0, 1]);
    const born = { item: { ...item('a'), fields: { title: 'a', price: 5 } }, replaces: 0 };
    const of = Uint16Array.of(1, 2);
    const scores = Float32Array.of(0.5, 0.75);
    await savePredictions(db, id, {
      field: 'p',
      labels: ['x', 'y'],
      of,
      scores,
      method: '',
      madeAt: 1
    });
    const edit = await change(db, id, [{ ...born, vector: vectorOfText('a') }]);
    expect(edit).toEqual({ generation: 0, born: [2], gone: [0] });
    // What was predicted of the same text comes along.
    const [kept] = await listPredictions(db, id);
    expect([[...kept!.of], [...kept!.scores]]).toEqual([
      [1, 2, 1],
      [0.5, 0.75, 0.5]
    ]);
    expect(await countRows(db, id)).toEqual({ live: 2, pending: 0 });
    await undoEdit(db, id, await stateOf(db, id), edit);
    const { bits } = await getDeadRows(db, id);
    expect([0, 1, 2].map((row) => bitAt(bits, row))).toEqual([false, false, true]);
    expect(await countRows(db, id)).toEqual({ live: 2, pending: 0 });
  });

  test('of the text leaves the old one findable until the new has its vector', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a']);
    await embed(db, id, [0]);
    const edit = await change(db, id, [{ item: item('a', 'new'), replaces: 0 }]);
    expect(await countRows(db, id)).toEqual({ live: 1, pending: 1 });
    await embed(db, id, [1]);
    expect(await countRows(db, id)).toEqual({ live: 1, pending: 0 });
    await undoEdit(db, id, await stateOf(db, id), edit);
    expect(bitAt((await getDeadRows(db, id)).bits, 0)).toBe(false);
    expect(bitAt((await getDeadRows(db, id)).bits, 1)).toBe(true);
  });

  test('that deletes an item whose new text waits deletes the old one, too', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a']);
    await embed(db, id, [0]);
    await change(db, id, [{ item: item('a', 'new'), replaces: 0 }]);
    const edit = await change(db, id, [], [1]);
    expect(await countRows(db, id)).toEqual({ live: 0, pending: 0 });
    await undoEdit(db, id, await stateOf(db, id), edit);
    expect(await countRows(db, id)).toEqual({ live: 1, pending: 1 });
  });

  test('that deletes an item whose vector then comes all the same is undone to one item', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a']);
    await embed(db, id, [0]);
    await change(db, id, [{ item: item('a', 'new'), replaces: 0 }]);
    const edit = await change(db, id, [], [1]);
    // It was under way when the item was deleted.
    await embed(db, id, [1]);
    await undoEdit(db, id, await stateOf(db, id), edit);
    expect(await countRows(db, id)).toEqual({ live: 1, pending: 0 });
    expect(bitAt((await getDeadRows(db, id)).bits, 0)).toBe(true);
  });

  test('made for rows that have changed meanwhile is refused, and nothing is written', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b']);
    await embed(db, id, [0, 1]);
    const expects = await stateOf(db, id);
    await change(db, id, [], [1]);
    const before = await recordsByStore(db);
    const late = applyEdit(db, id, { expects, born: [{ item: item('c') }], kill: [] });
    await expectCode(late, 'changed-meanwhile');
    expect(await recordsByStore(db)).toEqual(before);
    await expectCode(change(db, id, [{ item: item('b', 'x'), replaces: 1 }]), 'changed-meanwhile');
  });

  test('that the browser aborts leaves everything as it was', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a']);
    await embed(db, id, [0]);
    const before = [await recordsByStore(db), await getCollection(db, id)];
    const undo = abortPuts('rows');
    const born = [{ item: item('a', 'b'), replaces: 0, vector: vectorOfText('b') }];
    await expect(change(db, id, born)).rejects.toThrow();
    undo();
    expect([await recordsByStore(db), await getCollection(db, id)]).toEqual(before);
  });

  test('undone, brings back what it replaced, and not what had been replaced before', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a']);
    await embed(db, id, [0]);
    await change(db, id, [{ item: item('a', 'new'), replaces: 0 }]);
    await embed(db, id, [1]);
    const born = { item: { ...item('a', 'new'), fields: { title: 'new', price: 5 } }, replaces: 1 };
    const edit = await change(db, id, [{ ...born, vector: vectorOfText('new') }]);
    expect(edit).toEqual({ generation: 0, born: [2], gone: [1] });
    await undoEdit(db, id, await stateOf(db, id), edit);
    expect(await countRows(db, id)).toEqual({ live: 1, pending: 0 });
  });

  test('of an item that was edited again since can’t be undone', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a']);
    await embed(db, id, [0]);
    const vector = vectorOfText('a');
    const first = await change(db, id, [{ item: item('a'), replaces: 0, vector }]);
    await change(db, id, [{ item: item('a'), replaces: 1, vector }]);
    await expectCode(undoEdit(db, id, await stateOf(db, id), first), 'changed-meanwhile');
  });
});

describe('compacting', () => {
  test('drops dead rows, keeps the rest in order with vectors, codes, failures and predictions', async () => {
    const db = await freshDatabase();
    const ids = Array.from({ length: 60 }, (_, n) => `item ${n}`);
    const id = await collectionOf(db, ids);
    for (let from = 0; from < 50; from += 10) {
      await embed(
        db,
        id,
        Array.from({ length: 10 }, (_, n) => from + n)
      );
    }
    await recordFailures(db, id, [{ row: 55, code: 'input', message: 'Refused.' }]);
    const of = Uint16Array.from({ length: 60 }, (_, row) => row % 3);
    const scores = Float32Array.from({ length: 60 }, (_, row) => row);
    const labels = ['x', 'y'];
    await savePredictions(db, id, { field: 'p', labels, of, scores, method: '', madeAt: 1 });
    const dead = [0, 3, 20, 21, 22, 49, 51];
    await change(db, id, [], dead);
    const kept = ids.filter((_, row) => !dead.includes(row));

    expect(await compact(db, id)).toEqual({ before: 60, after: 53 });
    expect((await itemsOf(db, id)).map(({ row, id: name }) => [row, name])).toEqual([
      ...kept.entries()
    ]);
    const [segment, ...more] = await listSegments(db, id);
    expect(more).toEqual([]);
    const vectors = await readVectors(segment!);
    segment!.rows.forEach((row, n) => {
      const vector = vectors.subarray(n * SPACE.dimensions, (n + 1) * SPACE.dimensions);
      expect(vector).toEqual(vectorOfText(kept[row]!));
    });
    expect(await listCodes(db, id)).toEqual([]);
    expect((await getRun(db, id)).failed.map(({ row }) => kept[row])).toEqual(['item 55']);
    const [predictions] = await listPredictions(db, id);
    kept.forEach((name, row) => {
      const old = ids.indexOf(name);
      expect([predictions!.of[row], predictions!.scores[row]]).toEqual([old % 3, old]);
    });
    expect(await getCollection(db, id)).toMatchObject({ generation: 1, nextRow: 53 });
    expect(await countRows(db, id)).toEqual({ live: 44, pending: 9 });
  });

  test('keeps the codes of what came from one segment', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b', 'c', 'd']);
    await embed(db, id, [0, 1, 2, 3]);
    await change(db, id, [], [1]);
    await compact(db, id);
    const [[segment], [codes]] = [await listSegments(db, id), await listCodes(db, id)];
    expectNear(await readVectors(segment!), (await readCodes(codes!))!);
  });

  test('that is aborted leaves everything as it was, and an edit from before can’t be undone after it', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b', 'c']);
    await embed(db, id, [0, 1, 2]);
    const edit = await change(db, id, [], [1]);
    const before = [await recordsByStore(db), await getCollection(db, id), await itemsOf(db, id)];
    const undo = abortPuts('rows');
    await expect(compact(db, id)).rejects.toThrow();
    undo();
    const after = [await recordsByStore(db), await getCollection(db, id), await itemsOf(db, id)];
    expect(after).toEqual(before);
    const [segment] = await listSegments(db, id);
    expect((await readVectors(segment!)).subarray(6)).toEqual(vectorOfText('c'));
    await compact(db, id);
    await expectCode(undoEdit(db, id, await stateOf(db, id), edit), 'changed-meanwhile');
  });

  test('is worth it when a third of many rows is dead', () => {
    expect(worthCompacting(100, 99)).toBe(false);
    expect(worthCompacting(10_000, 3000)).toBe(false);
    expect(worthCompacting(10_000, 3400)).toBe(true);
  });

  test('of a deleted collection says so', async () => {
    await expectCode(compact(await freshDatabase(), 'gone' as CollectionId), 'collection-gone');
  });
});

/** An item as a reader knows it: what is found of it, and what waits to be. */
interface ModelItem {
  /** Title of the version that can be found; null while there is none. */
  found: string | null;
  note: number;
  /** Title of a newer version that waits for its vector. */
  waiting: { title: string; note: number } | null;
}

type Model = Map<string, ModelItem>;

const { VITE_SOAK_ROUNDS = 4, VITE_SOAK_SEED = 1 } = import.meta.env;
const SEEDS = Array.from(
  { length: Number(VITE_SOAK_ROUNDS) },
  (_, n) => n + Number(VITE_SOAK_SEED)
);

test.each(SEEDS)(
  'any sequence of adds, edits, deletions, undos, runs, compactions and reloads equals a model (seed %i)',
  async (seed) => {
    const random = seeded(seed);
    const below = (n: number) => Math.floor(random() * n);
    const name = freshName();
    let db = await openDatabase({ name });
    const id = await collectionOf(db, []);
    const model: Model = new Map();
    let undos: { edit: ItemEdit; key: string; before: ModelItem | undefined }[] = [];
    const pick = () => [...model.keys()][below(model.size)];
    const newest = async (key: string) => {
      const { bits } = await getDeadRows(db, id);
      return (await itemsOf(db, id)).findLast((one) => one.id === key && !bitAt(bits, one.row))!;
    };
    const note = async (doing: Promise<ItemEdit>, key: string) => {
      const before = model.get(key);
      undos.push({ edit: await doing, key, before: before && { ...before } });
    };

    for (let step = 0; step < 60; step++) {
      const action = below(9);
      const key = pick();
      if (action < 2 || key === undefined) {
        const fresh = `new ${step}`;
        await note(change(db, id, [{ item: staged(fresh, fresh, 0) }]), fresh);
        model.set(fresh, { found: null, note: 0, waiting: { title: fresh, note: 0 } });
      } else if (action === 2) {
        // The text stays: where there is a vector, it comes along.
        const { row, fields } = await newest(key);
        const title = fields['title'] as string;
        const entry = model.get(key)!;
        const live = entry.waiting === null;
        const born = { item: staged(key, title, step), replaces: row };
        await note(change(db, id, [live ? { ...born, vector: vectorOfText(title) } : born]), key);
        if (live) entry.note = step;
        else entry.waiting = { title, note: step };
      } else if (action === 3) {
        const { row } = await newest(key);
        const title = `${key} at ${step}`;
        await note(change(db, id, [{ item: staged(key, title, step), replaces: row }]), key);
        model.get(key)!.waiting = { title, note: step };
      } else if (action === 4) {
        await note(change(db, id, [], [(await newest(key)).row]), key);
        model.delete(key);
      } else if (action === 5 && undos.length > 0) {
        const { edit, key: of, before } = undos.pop()!;
        await undoEdit(db, id, await stateOf(db, id), edit);
        if (before) model.set(of, before);
        else model.delete(of);
      } else if (action === 6) {
        const { bits } = await getDeadRows(db, id);
        const segments = await listSegments(db, id);
        const embedded = new Set(segments.flatMap(({ rows }) => [...rows]));
        const rows = (await itemsOf(db, id))
          .map(({ row }) => row)
          .filter((row) => !bitAt(bits, row) && !embedded.has(row));
        await embed(db, id, rows);
        for (const entry of model.values()) {
          if (entry.waiting === null) continue;
          [entry.found, entry.note, entry.waiting] = [
            entry.waiting.title,
            entry.waiting.note,
            null
          ];
        }
      } else if (action === 7) {
        await compact(db, id);
        undos = [];
      } else {
        db.close();
        db = await openDatabase({ name });
      }
      await expectEqual(db, id, model);
    }
    db.close();
  }
);

function staged(id: string, title: string, note: number) {
  return { ...item(id, title), fields: { title, note } };
}

async function expectEqual(db: Database, id: CollectionId, model: Model): Promise<void> {
  const { bits } = await getDeadRows(db, id);
  const items = new Map((await itemsOf(db, id)).map((one) => [one.row, one]));
  const found: [string, string, number][] = [];
  const embedded = new Set<Row>();
  for (const segment of await listSegments(db, id)) {
    const vectors = await readVectors(segment);
    segment.rows.forEach((row, n) => {
      embedded.add(row);
      if (bitAt(bits, row)) return;
      const { id: key, fields } = items.get(row)!;
      const title = fields['title'] as string;
      const vector = vectors.slice(n * SPACE.dimensions, (n + 1) * SPACE.dimensions);
      expect(vector).toEqual(vectorOfText(title));
      found.push([key, title, fields['note'] as number]);
    });
  }
  const waiting = [...items.values()]
    .filter(({ row }) => !embedded.has(row) && !bitAt(bits, row))
    .map(({ id: key, fields }) => [key, fields['title'], fields['note']]);
  const expected = [...model].flatMap(([key, entry]) =>
    entry.found === null ? [] : [[key, entry.found, entry.note]]
  );
  const expectedWaiting = [...model].flatMap(([key, entry]) =>
    entry.waiting ? [[key, entry.waiting.title, entry.waiting.note]] : []
  );
  expect(found.sort()).toEqual(expected.sort());
  expect(waiting.sort()).toEqual(expectedWaiting.sort());
  const counts = { live: expected.length, pending: expectedWaiting.length };
  expect(await countRows(db, id)).toEqual(counts);
}

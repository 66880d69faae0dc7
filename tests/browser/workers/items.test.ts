import { expect, test } from 'vitest';
import { keepOpen, openLock } from '#lib/base/open-lock.ts';
import { countRows } from '#lib/collection/store/collections.ts';
import { killRows } from '#lib/collection/store/dead.ts';
import { recordFailures } from '#lib/collection/store/runs.ts';
import { ImportApi } from '#lib/workers/import-api.ts';
import { ItemsApi } from '#lib/workers/items-api.ts';
import { freshDatabase, SPACE } from '../store/support.ts';
import { choices, jsonFile, manyTexts, NEVER, NO_PROGRESS, stageTexts } from './support.ts';

const refused = (row: number) => ({ row, code: 'input', message: 'Refused.' });

test('rows that failed are told by their titles, and no longer once they are replaced', async () => {
  const db = await freshDatabase();
  const importer = new ImportApi(() => Promise.resolve(db));
  const items = new ItemsApi(() => Promise.resolve(db));
  const first = [
    { id: 'x', text: 'An old text' },
    { id: 'y', text: 'A text' }
  ];
  await importer.open(jsonFile(first), NO_PROGRESS, NEVER);
  const staged = choices({ idField: 'id', titleField: 'text' });
  const { id } = staged;
  await importer.stage(staged, NEVER);
  await recordFailures(db, id, [refused(0), refused(1)]);
  expect((await items.collection(id)).failed).toEqual([
    { ...refused(0), title: 'An old text' },
    { ...refused(1), title: 'A text' }
  ]);

  await importer.open(jsonFile([{ id: 'x', text: 'A new text' }]), NO_PROGRESS, NEVER);
  await importer.append(id, { idField: 'id', keep: ['text'] }, NEVER);
  expect((await items.collection(id)).failed).toEqual([{ ...refused(1), title: 'A text' }]);
  expect(await countRows(db, id)).toEqual({ live: 0, pending: 2 });
});

test('a collection is compacted unless somebody has it open or works on it', async () => {
  const db = await freshDatabase();
  const items = new ItemsApi(() => Promise.resolve(db));
  const id = await stageTexts(db, manyTexts(2100), SPACE);
  await killRows(db, id, Array(1100).keys());
  const closing = new AbortController();
  await keepOpen(id, closing.signal);
  await keepOpen(id, NEVER);
  expect(await items.compact(id)).toBe(false);
  closing.abort();
  expect(await items.compact(id)).toBe(false);
  expect((await items.collection(id)).collection).toMatchObject({ generation: 0, nextRow: 2100 });

  const other = await stageTexts(db, manyTexts(2100), SPACE);
  await killRows(db, other, Array(1100).keys());
  const work = `semblance:append:${other}`;
  await navigator.locks.request(work, async () => {
    expect(await items.compact(other)).toBe(false);
  });
  const opened = new AbortController();
  await keepOpen(other, opened.signal);
  opened.abort();
  // The lock is let go in a moment.
  await navigator.locks.request(openLock(other), () => {});
  expect(await items.compact(other)).toBe(true);
  expect((await items.collection(other)).collection).toMatchObject({
    generation: 1,
    nextRow: 1000
  });
});

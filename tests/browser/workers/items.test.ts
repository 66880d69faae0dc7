import { expect, test } from 'vitest';
import { countRows } from '#lib/collection/store/collections.ts';
import { recordFailures } from '#lib/collection/store/runs.ts';
import { ImportApi } from '#lib/workers/import-api.ts';
import { ItemsApi } from '#lib/workers/items-api.ts';
import { freshDatabase } from '../store/support.ts';
import { choices, jsonFile, NEVER, NO_PROGRESS } from './support.ts';

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

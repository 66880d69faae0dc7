import { expect, test } from 'vitest';
import { newCollectionId } from '#lib/base/ids.ts';
import { getIndexSettings, saveIndexSettings } from '#lib/collection/store/index-settings.ts';
import type { IndexSettings } from '#lib/index/types.ts';
import { collectionOf, expectCode, freshDatabase, INDEX_SETTINGS } from './support.ts';

const MEASURED: IndexSettings = {
  choice: { dimensions: 256, M: 32, efConstruction: 400 },
  measurement: {
    at: 1,
    generation: 0,
    rows: 3,
    queries: 2,
    heldOut: true,
    truth: 'float32',
    ways: [
      {
        asked: 'hnsw',
        method: 'hnsw',
        precision: 'int8',
        efSearch: 64,
        oversampling: 4,
        recall: 0.98,
        p50Ms: 1.5,
        p95Ms: 2
      }
    ],
    shortened: [],
    graph: null,
    tuning: { efSearch: 64, oversampling: 4, recall: 0.98 }
  }
};

test('index settings are undefined until kept, and the newest are told, by collection', async () => {
  const db = await freshDatabase();
  const [id, other] = [await collectionOf(db, []), await collectionOf(db, [])];
  expect(await getIndexSettings(db, id)).toBeUndefined();
  await saveIndexSettings(db, id, INDEX_SETTINGS);
  expect(await getIndexSettings(db, id)).toEqual(INDEX_SETTINGS);
  await saveIndexSettings(db, id, MEASURED);
  expect(await getIndexSettings(db, id)).toEqual(MEASURED);
  expect(await getIndexSettings(db, other)).toBeUndefined();
});

test('index settings of a collection that is gone are refused', async () => {
  const db = await freshDatabase();
  const id = newCollectionId();
  await expectCode(saveIndexSettings(db, id, INDEX_SETTINGS), 'collection-gone');
  expect(await getIndexSettings(db, id)).toBeUndefined();
});

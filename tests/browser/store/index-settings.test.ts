import { expect, test } from 'vitest';
import { newCollectionId } from '#lib/base/ids.ts';
import { changeIndexSettings, getIndexSettings } from '#lib/collection/store/index-settings.ts';
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
  await changeIndexSettings(db, id, () => INDEX_SETTINGS);
  expect(await getIndexSettings(db, id)).toEqual(INDEX_SETTINGS);
  await changeIndexSettings(db, id, () => MEASURED);
  expect(await getIndexSettings(db, id)).toEqual(MEASURED);
  expect(await getIndexSettings(db, other)).toBeUndefined();
});

test('a change starts from what is kept, however many are made at once', async () => {
  const db = await freshDatabase();
  const id = await collectionOf(db, []);
  const first: unknown[] = [];
  const changed = await Promise.all(
    [8, 16, 32].map((M) =>
      changeIndexSettings(db, id, (settings) => {
        if (!settings) first.push(M);
        const { choice, measurement } = settings ?? INDEX_SETTINGS;
        const efConstruction = choice.efConstruction + M;
        return { choice: { ...choice, M, efConstruction }, measurement };
      })
    )
  );
  expect(first).toEqual([8]);
  expect(changed.map(({ choice }) => choice.efConstruction)).toEqual([208, 224, 256]);
  expect(await getIndexSettings(db, id)).toEqual(changed[2]);
});

test('a change that fails leaves what is kept', async () => {
  const db = await freshDatabase();
  const id = await collectionOf(db, []);
  await changeIndexSettings(db, id, () => INDEX_SETTINGS);
  const failed = changeIndexSettings(db, id, () => {
    throw new RangeError('mine');
  });
  await expect(failed).rejects.toThrow(RangeError);
  expect(await getIndexSettings(db, id)).toEqual(INDEX_SETTINGS);
});

test('index settings of a collection that is gone are refused', async () => {
  const db = await freshDatabase();
  const id = newCollectionId();
  await expectCode(
    changeIndexSettings(db, id, () => INDEX_SETTINGS),
    'collection-gone'
  );
  expect(await getIndexSettings(db, id)).toBeUndefined();
});

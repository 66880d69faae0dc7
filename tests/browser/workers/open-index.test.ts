import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { readCodes } from '#lib/collection/store/codes.ts';
import { killRows } from '#lib/collection/store/dead.ts';
import { VectorTable } from '#lib/index/vector-table.ts';
import { abortPuts, freshDatabase, listCodes } from '../store/support.ts';
import {
  ask,
  collectionWith,
  COUNT,
  DIMENSIONS,
  engineOver,
  holdEncoding,
  SPACE,
  truth,
  vectors
} from './engine-support.ts';
import { embedRows, stageRows } from './graph-support.ts';

describe.each([
  ['with room for the vectors', undefined],
  ['without room for the vectors', { vectorBudget: 0 }]
])('an engine %s', (_, options) => {
  test('reads the codes of what is new, and no others', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db, 200);
    const engine = engineOver(db, options);
    await engine.open(id, null);
    await engine.settled();
    await embedRows(db, id, vectors, SPACE, [200, 300]);
    const asked: unknown[] = [];
    for (const method of ['get', 'getAll'] as const) {
      const asking = IDBObjectStore.prototype[method];
      const spy = vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (
        this: IDBObjectStore,
        key?: IDBValidKey | IDBKeyRange | null
      ) {
        if (this.name === 'codes') asked.push(key);
        return asking.call(this, key!) as IDBRequest<unknown[]>;
      });
      onTestFinished(() => spy.mockRestore());
    }
    await engine.refresh();
    expect(asked).toEqual([[id, 200, 100]]);
  });

  test('without codes compares the vectors at once, and makes and keeps the codes', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db);
    const before = await listCodes(db, id);
    await db.clear('codes');
    const engine = engineOver(db, options);
    await engine.open(id, null);
    expect(await ask(engine, 'exact')).toEqual(truth(() => true));
    await expect.poll(() => listCodes(db, id)).toHaveLength(before.length);
    const after = await listCodes(db, id);
    expect(await Promise.all(after.map(readCodes))).toEqual(
      await Promise.all(before.map(readCodes))
    );
  });

  test('tells the codes as kept that are', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db);
    await db.clear('codes');
    const allowPuts = abortPuts('codes');
    const refused = engineOver(db, options);
    await refused.open(id, null);
    await refused.settled();
    const bytes = COUNT * DIMENSIONS * 4;
    expect((await refused.index()).disk).toEqual({ vectors: bytes, codes: 0 });
    expect(await ask(refused, 'exact')).toEqual(truth(() => true));
    allowPuts();
    for (let time = 0; time < 2; time++) {
      const engine = engineOver(db, options);
      await engine.open(id, null);
      await engine.settled();
      expect((await engine.index()).disk).toEqual({ vectors: bytes, codes: bytes / 4 });
    }
  });

  test('is not led astray by codes that do not fit', async () => {
    const db = await freshDatabase();
    const id = await collectionWith(db);
    for (const record of await listCodes(db, id)) {
      await db.put('codes', { ...record, codes: record.codes.slice(0, 7) });
    }
    const engine = engineOver(db, options);
    await engine.open(id, null);
    expect(await ask(engine, 'exact')).toEqual(truth(() => true));
  });
});

test('without codes and without room, vectors are in memory for two segments at a time', async () => {
  const db = await freshDatabase();
  const id = await stageRows(db, vectors, SPACE);
  for (let row = 0; row < COUNT; row += 40)
    await embedRows(db, id, vectors, SPACE, [row, row + 40]);
  await db.clear('codes');
  let begun = 0;
  let added = 0;
  let most = 0;
  const { arrayBuffer } = Blob.prototype;
  const { add } = VectorTable.prototype;
  const count = (resident: number) => (most = Math.max(most, begun - added + resident));
  const spies = [
    vi.spyOn(Blob.prototype, 'arrayBuffer').mockImplementation(function (this: Blob) {
      begun++;
      count(0);
      return arrayBuffer.call(this);
    }),
    vi.spyOn(VectorTable.prototype, 'add').mockImplementation(function (this: VectorTable, batch) {
      const block = add.call(this, batch);
      added++;
      count(this.bytes.vectors / (40 * DIMENSIONS * 4));
      return block;
    })
  ];
  onTestFinished(() => spies.forEach((spy) => spy.mockRestore()));
  const engine = engineOver(db, { vectorBudget: 0 });
  await engine.open(id, null);
  await engine.settled();
  expect(added).toBe(10);
  expect(most).toBeLessThanOrEqual(2);
  expect(await listCodes(db, id)).toHaveLength(10);
  expect(await ask(engine, 'exact')).toEqual(truth(() => true));
});

test('codes are made and kept also of what is taken in while others are made', async () => {
  const db = await freshDatabase();
  const id = await collectionWith(db, 200);
  await db.clear('codes');
  const openGate = holdEncoding();
  const engine = engineOver(db);
  await engine.open(id, null);
  await embedRows(db, id, vectors, SPACE, [200, 400]);
  await db.clear('codes');
  await engine.refresh();
  openGate();
  await engine.settled();
  expect((await listCodes(db, id)).map(({ firstRow }) => firstRow)).toEqual([0, 200]);
  expect(await engine.index()).toMatchObject({ resident: true });
});

test.each(['with codes', 'without codes'])(
  'a segment %s that can’t be read holds up nothing else, and is read by the next refresh',
  async (codes) => {
    const db = await freshDatabase();
    const id = await stageRows(db, vectors, SPACE);
    for (const [from, to] of [
      [0, 100],
      [100, 250],
      [250, 400]
    ] as const) {
      await embedRows(db, id, vectors, SPACE, [from, to]);
    }
    await killRows(db, id, [8, 120, 300]);
    if (codes === 'without codes') await db.clear('codes');
    // The first segment by its size, so that the others are still being read when it fails.
    const { arrayBuffer } = Blob.prototype;
    const reading = vi.spyOn(Blob.prototype, 'arrayBuffer').mockImplementation(function (
      this: Blob
    ) {
      if (this.size !== 100 * DIMENSIONS && this.size !== 100 * DIMENSIONS * 4)
        return arrayBuffer.apply(this);
      return Promise.reject(new DOMException('The file is gone.', 'NotReadableError'));
    });
    onTestFinished(() => reading.mockRestore());
    const live = (row: number) => ![8, 120, 300].includes(row);

    const engine = engineOver(db);
    await expect(engine.open(id, null)).rejects.toMatchObject({ code: 'storage-failed' });
    expect((await engine.index()).rows).toBe(298);
    expect(await ask(engine, 'exact')).toEqual(truth((row) => row >= 100 && live(row)));
    reading.mockRestore();
    expect(await engine.refresh()).toMatchObject({ rows: 397 });
    expect(await ask(engine, 'exact')).toEqual(truth(live));
  }
);

test('vectors are kept in memory where there is room, and only there', async () => {
  const db = await freshDatabase();
  const id = await collectionWith(db);
  const bytes = COUNT * DIMENSIONS * 4;
  const roomy = engineOver(db, { vectorBudget: bytes });
  await roomy.open(id, null);
  await expect.poll(() => roomy.index()).toMatchObject({ resident: true });
  expect(await roomy.index()).toMatchObject({
    memory: { vectors: bytes },
    disk: { vectors: bytes, codes: bytes / 4 }
  });
  const cramped = engineOver(db, { vectorBudget: bytes - 1 });
  await cramped.open(id, null);
  await ask(cramped, 'exact');
  expect(await cramped.index()).toMatchObject({ resident: false, memory: { vectors: 0 } });
});

import { describe, expect, test, vi } from 'vitest';
import { encodeVectors } from '#lib/base/codes.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { getCodes, readCodes, saveCodes } from '#lib/collection/store/codes.ts';
import { deleteCollection } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { SEGMENT_ROWS, type SegmentCodes } from '#lib/collection/store/schema.ts';
import { commitSegment, listSegments, readVectors } from '#lib/collection/store/segments.ts';
import {
  abortPuts,
  batch,
  collectionOf,
  commit,
  expectCode,
  expectNear,
  freshDatabase,
  listCodes,
  recordsByStore,
  segmentKeys,
  SPACE
} from './support.ts';

/** A collection whose first `count` rows have vectors, in one segment. */
async function embedded(db: Database, count = 3, space = SPACE): Promise<CollectionId> {
  const ids = Array.from({ length: count }, (_, n) => `item ${n}`);
  const id = await collectionOf(db, ids, { space });
  await commitSegment(db, batch(id, [...ids.keys()], space));
  return id;
}

async function codeKeys(db: Database, id: CollectionId) {
  const records = await listCodes(db, id);
  return records.map(({ collection, firstRow, count }) => [collection, firstRow, count]);
}

describe('the codes of a segment', () => {
  test('are written with it, under its key, in the order of its rows', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(
      db,
      Array.from({ length: SEGMENT_ROWS + 3 }, (_, n) => `item ${n}`)
    );
    const rows = Array.from({ length: SEGMENT_ROWS + 1 }, (_, row) => row).reverse();
    await commit(db, id, rows);
    await commit(db, id, [SEGMENT_ROWS + 2]);

    expect(await codeKeys(db, id)).toEqual(await segmentKeys(db, id));
    const segments = await listSegments(db, id);
    for (const [n, record] of (await listCodes(db, id)).entries()) {
      expect(record.dimensions).toBe(SPACE.dimensions);
      expectNear(await readVectors(segments[n]!), (await readCodes(record))!);
    }
  });

  test.each(['codes', 'settings'])(
    'are not written without it, nor it without them, when it is aborted at %s',
    async (store) => {
      const db = await freshDatabase();
      const id = await collectionOf(db, ['a', 'b']);
      await commit(db, id, [0]);
      const before = await recordsByStore(db);
      abortPuts(store);
      await expectCode(commit(db, id, [1]), 'storage-failed');
      expect(await recordsByStore(db)).toEqual(before);
      expect(await codeKeys(db, id)).toEqual([[id, 0, 1]]);
      expect(await segmentKeys(db, id)).toEqual([[id, 0, 1]]);
    }
  );

  test('are deleted with the collection, and no other’s', async () => {
    const db = await freshDatabase();
    const [kept, id] = [await embedded(db), await embedded(db)];
    await deleteCollection(db, id);
    expect(await listCodes(db, id)).toEqual([]);
    expect(await codeKeys(db, kept)).toEqual([[kept, 0, 3]]);
  });

  test('are told by segment, in the order asked, undefined where there are none', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b', 'c']);
    for (const row of [0, 1, 2]) await commit(db, id, [row]);
    await db.delete('codes', [id, 1, 1]);
    const segments = await listSegments(db, id);
    const told = await getCodes(db, segments.toReversed());
    expect(told.map((record) => record?.firstRow)).toEqual([2, undefined, 0]);
    expect(await getCodes(db, [])).toEqual([]);
  });

  test('may be missing, and are then kept as if they had been written with it', async () => {
    const db = await freshDatabase();
    const id = await embedded(db);
    const [written] = await listCodes(db, id);
    await db.clear('codes');
    expect(await listCodes(db, id)).toEqual([]);

    const [segment] = await listSegments(db, id);
    await saveCodes(db, segment!, encodeVectors(await readVectors(segment!), SPACE.dimensions));
    const [kept] = await listCodes(db, id);
    expect(Object.keys(kept!).sort()).toEqual(Object.keys(written!).sort());
    expect(await readCodes(kept!)).toEqual(await readCodes(written!));
  });

  test('are kept without the rest of the buffers they lie in', async () => {
    const db = await freshDatabase();
    const id = await embedded(db);
    const [segment] = await listSegments(db, id);
    await saveCodes(db, segment!, {
      codes: new Int8Array(1000).subarray(10, 19),
      scales: new Float32Array(1000).subarray(10, 13)
    });
    const [kept] = await listCodes(db, id);
    expect(kept!.codes.size).toBe(9);
    expect(kept!.scales.buffer.byteLength).toBe(12);
  });

  test('are not kept once it is gone, nor when they do not fit it', async () => {
    const db = await freshDatabase();
    const id = await embedded(db);
    const [segment] = await listSegments(db, id);
    await db.clear('codes');
    const fitting = encodeVectors(await readVectors(segment!), SPACE.dimensions);
    for (const misfit of [
      { ...fitting, codes: fitting.codes.subarray(1) },
      { ...fitting, scales: fitting.scales.subarray(1) },
      encodeVectors(new Float32Array(12), 4)
    ]) {
      await expectCode(saveCodes(db, segment!, misfit), 'codes-malformed');
    }
    await deleteCollection(db, id);
    await saveCodes(db, segment!, fitting);
    expect(await db.count('codes')).toBe(0);
  });
});

test.each<[string, (good: SegmentCodes) => Partial<SegmentCodes>]>([
  ['a short Blob', ({ codes }) => ({ codes: codes.slice(1) })],
  ['a long Blob', ({ codes }) => ({ codes: new Blob([codes, 'x']) })],
  ['no Blob', () => ({ codes: new Int8Array(9) as unknown as Blob })],
  ['another count', () => ({ count: 4 })],
  ['other dimensions', () => ({ count: 1, dimensions: 9 })],
  ['no scales', () => ({ scales: undefined as unknown as SegmentCodes['scales'] })],
  ['few scales', ({ scales }) => ({ scales: scales.subarray(1) })],
  ['a scale that is no number', () => ({ scales: Float32Array.of(1, Number.NaN, 1) })],
  ['an endless scale', () => ({ scales: Float32Array.of(1, Number.POSITIVE_INFINITY, 1) })],
  ['a negative scale', () => ({ scales: Float32Array.of(1, 1, -1) })]
])('codes with %s read as missing', async (_, damage) => {
  const db = await freshDatabase();
  const id = await embedded(db);
  const [good] = await listCodes(db, id);
  expect(await readCodes(good!)).toBeDefined();
  await db.clear('codes');
  await db.put('codes', { ...good!, ...damage(good!) });
  const [bad] = await listCodes(db, id);
  expect(await readCodes(bad!)).toBeUndefined();
});

test('codes that the browser can’t read are missing', async () => {
  const db = await freshDatabase();
  const [record] = await listCodes(db, await embedded(db));
  const lost = new DOMException('The file is gone.', 'NotReadableError');
  vi.spyOn(record!.codes, 'arrayBuffer').mockRejectedValue(lost);
  expect(await readCodes(record!)).toBeUndefined();
});

import { describe, expect, test } from 'vitest';
import { hashKey } from '#lib/base/hash.ts';
import { appendItems, countRows, deleteCollection } from '#lib/collection/store/collections.ts';
import { getDeadRows, killRows, reviveRows } from '#lib/collection/store/dead.ts';
import {
  addSpent,
  clearFailures,
  getRun,
  getSpent,
  recordFailures
} from '#lib/collection/store/runs.ts';
import { SEGMENT_ROWS } from '#lib/collection/store/schema.ts';
import {
  commitSegment,
  embeddedRows,
  listSegments,
  readVectors,
  readVectorsAt
} from '#lib/collection/store/segments.ts';
import { bitAt } from '#lib/base/bits.ts';
import {
  batch,
  collectionOf,
  commit,
  expectCode,
  freshDatabase,
  item,
  joined,
  keyOf,
  recordsByStore,
  vectorOf,
  segmentKeys
} from './support.ts';

const FAILED = { code: 'input', message: 'The endpoint refused this text.' };

describe('a committed batch', () => {
  test('is counted, and its vectors read back', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b', 'c', 'd']);
    await commit(db, id, [0, 2]);
    expect(await countRows(db, id)).toEqual({ live: 2, pending: 2 });
    expect(await segmentKeys(db, id)).toEqual([[id, 0, 2]]);
    const [segment] = await listSegments(db, id);
    expect([...segment!.rows]).toEqual([0, 2]);
    expect(await readVectors(segment!)).toEqual(joined([vectorOf(0), vectorOf(2)]));
    const embedded = embeddedRows(await listSegments(db, id));
    expect([0, 1, 2, 3].map((row) => bitAt(embedded, row))).toEqual([true, false, true, false]);
  });

  test('is sorted by row, with its vectors and hashes', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b', 'c', 'd']);
    await commit(db, id, [3, 0, 2]);
    const [segment] = await listSegments(db, id);
    expect(segment).toMatchObject({ firstRow: 0, count: 3, rows: Uint32Array.of(0, 2, 3) });
    expect(await readVectors(segment!)).toEqual(joined([vectorOf(0), vectorOf(2), vectorOf(3)]));
    const keys = [0, 1, 2].map((n) => hashKey(segment!.hashes, n * 16));
    expect(keys).toEqual([keyOf('text 0'), keyOf('text 2'), keyOf('text 3')]);
  });

  test('stores only its own part of a larger buffer', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b']);
    const wide = batch(id, [0, 1]);
    await commitSegment(db, {
      ...wide,
      rows: wide.rows.subarray(1),
      vectors: wide.vectors.subarray(3),
      hashes: wide.hashes.subarray(16)
    });
    const [segment] = await listSegments(db, id);
    expect(segment!.vectors.size).toBe(12);
    expect([segment!.rows, segment!.hashes].map((part) => part.buffer.byteLength)).toEqual([4, 16]);
    expect(await readVectors(segment!)).toEqual(vectorOf(1));
  });

  test('larger than a segment becomes several', async () => {
    const db = await freshDatabase();
    const rows = Array.from({ length: SEGMENT_ROWS + 1 }, (_, row) => row);
    const id = await collectionOf(
      db,
      rows.map((row) => `item ${row}`)
    );
    await commit(db, id, rows);
    expect(await segmentKeys(db, id)).toEqual([
      [id, 0, SEGMENT_ROWS],
      [id, SEGMENT_ROWS, 1]
    ]);
    expect(await countRows(db, id)).toEqual({ live: SEGMENT_ROWS + 1, pending: 0 });
  });

  test('adds to what the collection and the device have spent', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b']);
    const spent = { tokens: 100, costUsd: 0.25, requests: 1 };
    await commitSegment(db, { ...batch(id, [0]), spent });
    await commitSegment(db, { ...batch(id, []), spent });
    await addSpent(db, { tokens: 5, costUsd: 0.5 });
    expect(await getRun(db, id)).toMatchObject({ tokens: 200, costUsd: 0.5, requests: 2 });
    expect(await segmentKeys(db, id)).toHaveLength(1);
    await deleteCollection(db, id);
    expect(await getRun(db, id)).toMatchObject({ tokens: 0, costUsd: 0, requests: 0 });
    expect(await getSpent(db)).toEqual({ tokens: 205, costUsd: 1 });
  });

  test('takes its rows off the list of failed ones', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b', 'c']);
    await recordFailures(
      db,
      id,
      [0, 1].map((row) => ({ row, ...FAILED }))
    );
    await recordFailures(db, id, [{ row: 1, code: 'server', message: 'Again.' }]);
    expect((await getRun(db, id)).failed.map(({ row, code }) => [row, code])).toEqual([
      [0, 'input'],
      [1, 'server']
    ]);
    await commit(db, id, [0, 2]);
    expect((await getRun(db, id)).failed.map(({ row }) => row)).toEqual([1]);
    await clearFailures(db, id);
    expect((await getRun(db, id)).failed).toEqual([]);
  });

  test('for a deleted collection is refused, and nothing is written', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a']);
    await deleteCollection(db, id);
    const before = await recordsByStore(db);
    await expectCode(commit(db, id, [0]), 'collection-gone');
    expect(await recordsByStore(db)).toEqual(before);
  });

  test('with a row that has its vector is refused whole', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b', 'c']);
    await commit(db, id, [1]);
    await expectCode(
      commitSegment(db, { ...batch(id, [0, 1]), spent: { tokens: 9, costUsd: 9, requests: 9 } }),
      'row-embedded'
    );
    await expectCode(commit(db, id, [2, 2]), 'row-embedded');
    expect(await segmentKeys(db, id)).toEqual([[id, 1, 1]]);
    expect(await countRows(db, id)).toEqual({ live: 1, pending: 2 });
    expect(await getSpent(db)).toEqual({ tokens: 0, costUsd: 0 });
  });

  test('with unknown rows or the wrong shape is refused', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b']);
    const good = batch(id, [0, 1]);
    const wide = batch(id, [0, 1], { provider: 'test', model: 'm', revision: 1, dimensions: 4 });
    await expectCode(commit(db, id, [2]), 'row-unknown');
    await expectCode(commitSegment(db, wide), 'segment-malformed');
    await expectCode(
      commitSegment(db, { ...good, vectors: good.vectors.subarray(1) }),
      'segment-malformed'
    );
    await expectCode(
      commitSegment(db, { ...good, hashes: good.hashes.subarray(1) }),
      'segment-malformed'
    );
    expect(await segmentKeys(db, id)).toEqual([]);
  });

  test('replaces nothing for a row that was superseded while its request was under way', async () => {
    const db = await freshDatabase();
    const id = await collectionOf(db, ['a', 'b']);
    await commit(db, id, [0, 1]);
    await appendItems(db, id, [item('a', 'second'), item('b', 'second')], []);
    await appendItems(db, id, [item('a', 'third')], []);

    await commit(db, id, [2, 3], [0, 1]);
    const { bits } = await getDeadRows(db, id);
    expect([0, 1, 2, 3, 4].filter((row) => bitAt(bits, row))).toEqual([1, 2]);
    expect(await countRows(db, id)).toEqual({ live: 2, pending: 1 });

    await commit(db, id, [4], [0]);
    expect(await countRows(db, id)).toEqual({ live: 2, pending: 0 });
  });
});

test('dead rows come alive again as they were, and each change has its revision', async () => {
  const db = await freshDatabase();
  const id = await collectionOf(db, ['a', 'b', 'c']);
  await commit(db, id, [0]);
  expect(await killRows(db, id, [0, 1])).toEqual({ deadRevision: 1 });
  expect(await countRows(db, id)).toEqual({ live: 0, pending: 1 });
  expect(await killRows(db, id, [0])).toEqual({ deadRevision: 1 });
  expect(await reviveRows(db, id, [0])).toEqual({ deadRevision: 2 });
  expect(await countRows(db, id)).toEqual({ live: 1, pending: 1 });
  expect(await reviveRows(db, id, [1])).toEqual({ deadRevision: 3 });
  expect(await countRows(db, id)).toEqual({ live: 1, pending: 2 });
  expect(await getDeadRows(db, id)).toMatchObject({ revision: 3 });
});

test('vectors at any positions are the slices of the whole segment', async () => {
  const db = await freshDatabase();
  const rows = Array.from({ length: 20 }, (_, row) => row);
  const id = await collectionOf(
    db,
    rows.map((row) => `item ${row}`)
  );
  await commit(db, id, rows);
  const [segment] = await listSegments(db, id);
  for (const positions of [[], [7], [19, 0], [3, 4, 5], [5, 4, 9, 3, 5, 18, 19], rows]) {
    const expected = joined(positions.map((position) => vectorOf(position)));
    expect(await readVectorsAt(segment!, positions)).toEqual(expected);
  }
});

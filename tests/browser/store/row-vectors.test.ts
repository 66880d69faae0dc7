import { describe, expect, test, vi } from 'vitest';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { killRows } from '#lib/collection/store/dead.ts';
import { RowVectors } from '#lib/collection/store/row-vectors.ts';
import { commitSegment, listSegments } from '#lib/collection/store/segments.ts';
import { batch, collectionOf, expectCode, freshDatabase, seeded, SPACE } from './support.ts';

/** Wide enough that a few dozen rows of a segment are too far apart to be read together. */
const WIDE = { ...SPACE, dimensions: 2000 };

/** A collection of `count` items whose rows are embedded in segments as given. */
async function embedded(db: Database, count: number, segments: Row[][]): Promise<CollectionId> {
  const ids = Array.from({ length: count }, (_, n) => `item ${n}`);
  const id = await collectionOf(db, ids, { space: WIDE });
  for (const rows of segments) await commitSegment(db, batch(id, rows, WIDE));
  return id;
}

async function rowVectorsOf(db: Database, id: CollectionId): Promise<RowVectors> {
  const vectors = new RowVectors(WIDE.dimensions);
  vectors.add(await listSegments(db, id));
  return vectors;
}

/** Which of `rows` were read as something else than what was committed for them. */
function misread(rows: Row[], found: Float32Array, id: CollectionId): Row[] {
  expect(found).toHaveLength(rows.length * WIDE.dimensions);
  const { vectors } = batch(id, rows, WIDE);
  return rows.filter((_, n) => {
    const [from, to] = [n * WIDE.dimensions, (n + 1) * WIDE.dimensions];
    return indexedDB.cmp(found.slice(from, to).buffer, vectors.slice(from, to).buffer) !== 0;
  });
}

describe('vectors by row', () => {
  test.each([1, 2, 3])(
    'are those committed, for any rows in any order, some of them twice (seed %i)',
    async (seed) => {
      const random = seeded(seed);
      const below = (n: number) => Math.floor(random() * n);
      const db = await freshDatabase();
      const count = 300;
      // Dealt at random, so that every segment has gaps; the last hand is not embedded.
      const hands: Row[][] = [[], [], [], []];
      for (let row = 0; row < count; row++) hands[below(4)]!.push(row);
      const id = await embedded(db, count, hands.slice(0, 3));
      await killRows(db, id, hands[0]!.slice(0, 5));
      const vectors = await rowVectorsOf(db, id);

      const known = hands.slice(0, 3).flat();
      for (const length of [0, 1, 5, 40, 300]) {
        const rows = Array.from({ length }, () => known[below(known.length)]!);
        expect(misread(rows, await vectors.read(rows), id)).toEqual([]);
        expect(misread(rows, await vectors.read(Uint32Array.from(rows)), id)).toEqual([]);
      }
      expect(known.every((row) => vectors.has(row))).toBe(true);
      expect(hands[3]!.some((row) => vectors.has(row))).toBe(false);
    }
  );

  test('are found in more segments than are read at once', async () => {
    const db = await freshDatabase();
    const rows = Array.from({ length: 40 }, (_, row) => row);
    const id = await embedded(
      db,
      40,
      rows.map((row) => [row])
    );
    const backwards = rows.toReversed();
    const found = await (await rowVectorsOf(db, id)).read(backwards);
    expect(misread(backwards, found, id)).toEqual([]);
  });

  test('of a row without one are refused, whatever else is asked for', async () => {
    const db = await freshDatabase();
    const id = await embedded(db, 4, [[0, 2]]);
    const vectors = await rowVectorsOf(db, id);
    for (const row of [1, 3, 4, 1_000_000, -1, 0.5]) {
      await expectCode(vectors.read([0, row]), 'no-vector');
      expect(vectors.has(row)).toBe(false);
    }
    await expectCode(new RowVectors(WIDE.dimensions).read([0]), 'no-vector');
  });

  test('are found as segments are added; those that are there are passed over', async () => {
    const db = await freshDatabase();
    const id = await embedded(db, 200, [[1, 3], [0]]);
    const vectors = await rowVectorsOf(db, id);
    await commitSegment(db, batch(id, [2, 150, 199], WIDE));
    expect(vectors.has(150)).toBe(false);
    vectors.add(await listSegments(db, id));
    vectors.add(await listSegments(db, id));
    const rows = [199, 0, 3, 150, 1, 2];
    expect(misread(rows, await vectors.read(rows), id)).toEqual([]);
  });

  test('that can’t be read are refused', async () => {
    const db = await freshDatabase();
    const id = await embedded(db, 2, [[0, 1]]);
    const vectors = await rowVectorsOf(db, id);
    const lost = new DOMException('The file is gone.', 'NotReadableError');
    vi.spyOn(Blob.prototype, 'arrayBuffer').mockRejectedValueOnce(lost);
    await expectCode(vectors.read([1]), 'storage-failed');
    expect(misread([1], await vectors.read([1]), id)).toEqual([]);
  });
});

test.each([
  { rows: [7], reads: [[7, 8]] },
  {
    rows: [199, 0, 100],
    reads: [
      [0, 1],
      [100, 101],
      [199, 200]
    ]
  },
  { rows: [12, 11, 12, 13], reads: [[11, 14]] },
  {
    rows: [30, 10, 150, 20],
    reads: [
      [10, 31],
      [150, 151]
    ]
  },
  { rows: [0, 25, 50, 75, 100, 125, 150, 175, 199], reads: [[0, 200]] }
])('of $rows only what is near to each other is read together', async ({ rows, reads }) => {
  const db = await freshDatabase();
  const all = Array.from({ length: 200 }, (_, row) => row);
  const id = await embedded(db, 200, [all]);
  const vectors = await rowVectorsOf(db, id);
  const slice = vi.spyOn(Blob.prototype, 'slice');
  await vectors.read(rows);
  const bytes = WIDE.dimensions * Float32Array.BYTES_PER_ELEMENT;
  expect(slice.mock.calls.map(([from, to]) => [from! / bytes, to! / bytes])).toEqual(reads);
  slice.mockRestore();
});

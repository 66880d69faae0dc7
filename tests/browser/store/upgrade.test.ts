import { expect, test, vi } from 'vitest';
import { encodeVectors } from '#lib/base/codes.ts';
import { hashText } from '#lib/base/hash.ts';
import { newCollectionId, type CollectionId } from '#lib/base/ids.ts';
import { readCodes, saveCodes } from '#lib/collection/store/codes.ts';
import { countRows, getCollection } from '#lib/collection/store/collections.ts';
import { openDatabase } from '#lib/collection/store/database.ts';
import { loadGraph, saveGraph } from '#lib/collection/store/graphs.ts';
import { changeIndexSettings, getIndexSettings } from '#lib/collection/store/index-settings.ts';
import { MIGRATIONS } from '#lib/collection/store/migrations.ts';
import { listSegments, readVectors } from '#lib/collection/store/segments.ts';
import {
  commit,
  expectNear,
  freshName,
  GRAPH_STAMP,
  INDEX_SETTINGS,
  item,
  joined,
  keyOf,
  listCodes,
  open,
  SPACE,
  vectorOf
} from './support.ts';

/** The records of a collection as the first version wrote them; they must never change. */
function firstVersion(collection: CollectionId) {
  const segment = (rows: number[]) => ({
    collection,
    firstRow: rows[0]!,
    count: rows.length,
    rows: Uint32Array.from(rows),
    vectors: new Blob([joined(rows.map((row) => vectorOf(row))) as Float32Array<ArrayBuffer>]),
    hashes: Uint8Array.from(rows.flatMap((row) => [...hashText(`text ${row}`)])),
    dimensions: 3
  });
  return {
    collections: [
      {
        id: collection,
        name: 'Things',
        space: SPACE,
        template: '{title}',
        titleField: 'title',
        idField: null,
        fields: [{ name: 'title', type: 'text' }],
        createdAt: 1,
        lastExportAt: null,
        nextRow: 5,
        generation: 0,
        deadRevision: 1
      }
    ],
    items: [
      {
        collection,
        block: 0,
        items: [0, 1, 2, 3, 4].map((row) => ({ ...item(`item ${row}`), row }))
      }
    ],
    segments: [segment([0, 2]), segment([1])],
    rows: [{ collection, embedded: Uint8Array.of(0b111), dead: Uint8Array.of(0b1010) }],
    runs: [{ collection, tokens: 3, costUsd: 1, requests: 2, failed: [], updatedAt: 1 }],
    vectors: [{ space: 's', hash: keyOf('question'), vector: vectorOf(9), usedAt: 1 }],
    graphs: [
      {
        collection,
        bytes: new Blob(['graph']),
        stamp: { generation: 0, rows: 3, count: 3, deadRevision: 1, digest: '' }
      }
    ]
  };
}

test('a database of the first version keeps everything but its graphs, and has no codes', async () => {
  const name = freshName();
  const onClosed = vi.fn();
  const old = await openDatabase({ name, migrations: MIGRATIONS.slice(0, 1), onClosed });
  const id = newCollectionId();
  const { graphs, ...rest } = firstVersion(id);
  for (const [store, records] of Object.entries({ ...rest, graphs })) {
    for (const record of records) await old.put(store as 'items', record as never);
  }
  await old.put('settings', { tokens: 3, costUsd: 1 }, 'spent');

  const db = await open({ name });
  expect(onClosed).toHaveBeenCalledTimes(1);
  for (const [store, records] of Object.entries<unknown[]>(rest)) {
    const kept: unknown[] = await db.getAll(store as 'items');
    expect(kept).toHaveLength(records.length);
    expect(kept).toEqual(expect.arrayContaining(records));
  }
  expect(await db.get('settings', 'spent')).toEqual({ tokens: 3, costUsd: 1 });
  expect(await countRows(db, id)).toEqual({ live: 2, pending: 1 });
  expect(await getCollection(db, id)).toMatchObject({ name: 'Things', nextRow: 5 });
  const segments = await listSegments(db, id);
  const vectors = await Promise.all(segments.map(readVectors));
  expect(vectors).toEqual([joined([vectorOf(0), vectorOf(2)]), vectorOf(1)]);
  expect(await loadGraph(db, id)).toBeUndefined();
  expect(await listCodes(db, id)).toEqual([]);
  expect(await getIndexSettings(db, id)).toBeUndefined();
});

test('a database of the first version goes on as one of today', async () => {
  const name = freshName();
  const old = await openDatabase({ name, migrations: MIGRATIONS.slice(0, 1) });
  const id = newCollectionId();
  for (const [store, records] of Object.entries(firstVersion(id))) {
    for (const record of records) await old.put(store as 'items', record as never);
  }
  const db = await open({ name });

  await commit(db, id, [4]);
  expect((await listCodes(db, id)).map(({ firstRow }) => firstRow)).toEqual([4]);
  const segments = await listSegments(db, id);
  for (const segment of segments) {
    await saveCodes(db, segment, encodeVectors(await readVectors(segment), SPACE.dimensions));
  }
  const codes = await listCodes(db, id);
  expect(codes.map(({ firstRow, count }) => [firstRow, count])).toEqual([
    [0, 2],
    [1, 1],
    [4, 1]
  ]);
  for (const [n, record] of codes.entries()) {
    expectNear(await readVectors(segments[n]!), (await readCodes(record))!);
  }
  await saveGraph(db, { collection: id, shards: [new Blob(['new'])], stamp: GRAPH_STAMP });
  expect((await loadGraph(db, id))!.shards).toHaveLength(1);
  await changeIndexSettings(db, id, () => INDEX_SETTINGS);
  expect(await getIndexSettings(db, id)).toEqual(INDEX_SETTINGS);
});

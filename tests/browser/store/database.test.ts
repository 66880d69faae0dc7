import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { appendItems, countRows, getCollection } from '#lib/collection/store/collections.ts';
import { openDatabase, write, type Migration } from '#lib/collection/store/database.ts';
import { MIGRATIONS } from '#lib/collection/store/migrations.ts';
import { assertRoomFor, storageState } from '#lib/collection/store/quota.ts';
import { deleteGraph, loadGraph, saveGraph } from '#lib/collection/store/graphs.ts';
import { changeIndexSettings } from '#lib/collection/store/index-settings.ts';
import { getSpent } from '#lib/collection/store/runs.ts';
import { commitSegment } from '#lib/collection/store/segments.ts';
import { getSetting, setSetting } from '#lib/collection/store/settings.ts';
import type { GraphChoice, GraphStamp } from '#lib/index/types.ts';
import {
  batch,
  collectionOf,
  commit,
  databaseInBucket,
  expectCode,
  freshDatabase,
  freshName,
  GRAPH_STAMP,
  item,
  open,
  recordsByStore,
  SPACE
} from './support.ts';

const SPENT = { tokens: 1, costUsd: 1 };

/** A connection as old code would have it: deaf to `versionchange`. */
function openDeaf(name: string, version?: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

describe('opening', () => {
  test('migrates an older database, keeps its data, and migrates once', async () => {
    const name = freshName();
    const old = await openDatabase({ name });
    const id = await collectionOf(old, ['a', 'b']);
    await commit(old, id, [0]);
    old.close();

    const second = vi.fn<Migration>((db, tx) => {
      db.createObjectStore('notes');
      tx.objectStore('collections').createIndex('name', 'name');
    });
    const migrations = [...MIGRATIONS, second];
    const db = await open({ name, migrations });
    expect(db.version).toBe(MIGRATIONS.length + 1);
    expect([...db.objectStoreNames]).toContain('notes');
    expect(await countRows(db, id)).toEqual({ live: 1, pending: 1 });
    db.close();
    await open({ name, migrations });
    expect(second).toHaveBeenCalledTimes(1);
  });

  test('runs every migration of an empty database in order', async () => {
    const order: number[] = [];
    const steps = [0, 1, 2].map<Migration>((n) => () => order.push(n));
    await open({ name: freshName(), migrations: steps });
    expect(order).toEqual([0, 1, 2]);
  });

  test('leaves the old version in place when a migration fails', async () => {
    const name = freshName();
    (await openDatabase({ name })).close();
    const failing: Migration = (db) => {
      db.createObjectStore('notes');
      throw new Error('not like this');
    };
    await expect(openDatabase({ name, migrations: [...MIGRATIONS, failing] })).rejects.toThrow(
      'not like this'
    );
    const db = await open({ name });
    expect([...db.objectStoreNames]).not.toContain('notes');
  });

  test('closes an old tab that gives way, and tells it', async () => {
    const name = freshName();
    const onClosed = vi.fn();
    const old = await openDatabase({ name, onClosed });
    const id = await collectionOf(old, ['a']);

    const db = await open({ name, migrations: [...MIGRATIONS, () => undefined] });
    expect(onClosed).toHaveBeenCalledTimes(1);
    expect(await countRows(db, id)).toEqual({ live: 0, pending: 1 });
    await expectCode(getCollection(old, id), 'database-closed');
    await expectCode(appendItems(old, id, [item('b')], []), 'database-closed');
  });

  test('tells when the browser closes the connection, as when the reader clears the data', async () => {
    const closed = Promise.withResolvers<true>();
    const { db, destroy } = await databaseInBucket(3_000_000, () => closed.resolve(true));
    await destroy();
    await closed.promise;
    await expectCode(getSpent(db), 'database-closed');
  });

  test('gives up on an old tab that does not give way, also when queued behind another', async () => {
    const name = freshName();
    (await openDatabase({ name })).close();
    const deaf = await openDeaf(name);
    const newer = { name, migrations: [...MIGRATIONS, () => undefined], blockedAfterMs: 50 };
    await expectCode(openDatabase(newer), 'database-blocked');
    await expectCode(openDatabase(newer), 'database-blocked');

    deaf.close();
    // The opens given up on come through now, and must not hold up anything.
    await open({ name, migrations: [...newer.migrations, () => undefined] });
  });

  test('refuses a database made by newer code, and leaves it alone', async () => {
    const name = freshName();
    (await openDeaf(name, 7)).close();
    await expectCode(openDatabase({ name }), 'database-newer');
    const raw = await openDeaf(name);
    expect(raw.version).toBe(7);
    raw.close();
  });
});

describe('a write', () => {
  test('is strict', async () => {
    const db = await freshDatabase();
    expect(await write(db, ['settings'], (tx) => tx.durability)).toBe('strict');
  });

  test('that is aborted after its last put succeeded is refused and leaves nothing', async () => {
    const db = await freshDatabase();
    const aborted = write(db, ['settings'], async (tx) => {
      await tx.objectStore('settings').put(SPENT, 'spent');
      tx.abort();
    });
    await expectCode(aborted, 'storage-failed');
    expect(await recordsByStore(db)).toMatchObject({ settings: 0 });
  });

  test('beyond the quota is refused and leaves nothing', async () => {
    const { db } = await databaseInBucket(3_000_000);
    const space = { ...SPACE, dimensions: 1_000_000 };
    const id = await collectionOf(db, ['a'], { space });
    const before = await recordsByStore(db);
    await expectCode(commitSegment(db, batch(id, [0], space)), 'quota-exceeded');
    expect(await recordsByStore(db)).toEqual(before);
    expect(await countRows(db, id)).toEqual({ live: 0, pending: 1 });
    expect(await getSpent(db)).toEqual({ tokens: 0, costUsd: 0 });
  });

  test('whose browser aborts it for lack of room while it works says so', async () => {
    const db = await freshDatabase();
    const full = new DOMException('Full.', 'QuotaExceededError');
    const reason = vi.spyOn(IDBTransaction.prototype, 'error', 'get').mockReturnValue(full);
    onTestFinished(() => reason.mockRestore());
    const aborted = write(db, ['settings'], async (tx) => {
      const request = tx.objectStore('settings').put(SPENT, 'spent');
      tx.abort();
      await request;
    });
    await expectCode(aborted, 'quota-exceeded');
  });

  test('passes on what its work throws', async () => {
    const db = await freshDatabase();
    const failed = write(db, ['settings'], () => Promise.reject(new RangeError('mine')));
    await expect(failed).rejects.toThrow(RangeError);
  });
});

test('settings keep their type and are undefined until set', async () => {
  const db = await freshDatabase();
  expect(await getSetting(db, 'models')).toBeUndefined();
  await setSetting(db, 'models', ['nomic-embed-text']);
  expect(await getSetting(db, 'models')).toEqual(['nomic-embed-text']);
});

test('a graph is kept with its stamp, until it or its collection is deleted', async () => {
  const db = await freshDatabase();
  const id = await collectionOf(db, ['a']);
  const shards = [new Blob(['graph']), new Blob(['another'])];
  await saveGraph(db, { collection: id, shards, stamp: GRAPH_STAMP });
  const loaded = await loadGraph(db, id);
  expect(loaded!.stamp).toEqual(GRAPH_STAMP);
  const texts = await Promise.all(loaded!.shards.map((shard) => shard.text()));
  expect(texts).toEqual(['graph', 'another']);
  await deleteGraph(db, id);
  expect(await loadGraph(db, id)).toBeUndefined();
  await deleteGraph(db, id);
  const gone = { collection: 'gone' as typeof id, shards, stamp: GRAPH_STAMP };
  await expectCode(saveGraph(db, gone), 'collection-gone');
});

describe('a graph in place of an older one', () => {
  const chosen = { dimensions: 2, M: 32, efConstruction: 100 } as const;

  /** Whether a graph is kept after a choice was made, and which one is there then. */
  async function keepAfter(choice: GraphChoice, stamp: Partial<GraphStamp>) {
    const db = await freshDatabase();
    const collection = await collectionOf(db, ['a']);
    const shards = [new Blob(['graph'])];
    expect(await saveGraph(db, { collection, shards, stamp: GRAPH_STAMP })).toBe(true);
    await changeIndexSettings(db, collection, () => ({ choice, measurement: null }));
    const kept = await saveGraph(db, { collection, shards, stamp: { ...GRAPH_STAMP, ...stamp } });
    return { kept, stamp: (await loadGraph(db, collection))!.stamp };
  }

  test.each([
    ['with these parameters', chosen, chosen],
    ['of any dimensions', { ...chosen, dimensions: 'automatic' as const }, chosen],
    [
      'of more dimensions than there are',
      { ...chosen, dimensions: 99 },
      { ...chosen, dimensions: 3 }
    ]
  ])('is kept when the reader chose one %s', async (_, choice, stamp) => {
    expect(await keepAfter(choice, stamp)).toMatchObject({ kept: true, stamp });
  });

  test.each([{ M: 16 }, { efConstruction: 200 }, { dimensions: 3 }])(
    'is not kept when it is of other parameters than the reader has chosen: %o',
    async (other) => {
      const found = await keepAfter(chosen, { ...chosen, ...other });
      expect(found).toEqual({ kept: false, stamp: GRAPH_STAMP });
    }
  );
});

test('what will not fit is refused before it is bought', async () => {
  const { usedBytes, quotaBytes } = await storageState();
  await assertRoomFor((quotaBytes - usedBytes) / 2);
  await expectCode(assertRoomFor(2 * quotaBytes), 'quota-exceeded');
});

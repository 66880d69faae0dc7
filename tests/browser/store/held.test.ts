import { describe, expect, test, vi } from 'vitest';
import { newCollectionId, type CollectionId } from '#lib/base/ids.ts';
import { shorten } from '#lib/base/vector.ts';
import { spaceKey, type Space } from '#lib/base/space.ts';
import { deleteCollection } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { killRows } from '#lib/collection/store/dead.ts';
import { findHeld } from '#lib/collection/store/held.ts';
import { commitSegment } from '#lib/collection/store/segments.ts';
import {
  batchOf,
  collectionOf,
  freshDatabase,
  getCachedVector,
  keyOf,
  putCachedVector,
  SPACE,
  vectorOf
} from './support.ts';

const LARGE: Space = { ...SPACE, model: 'text-embedding-3-large', dimensions: 8 };
const SHORT: Space = { ...LARGE, dimensions: 3 };

/** A collection in which each text has the vector of its row. */
async function embedded(db: Database, texts: string[], space: Space, id = newCollectionId()) {
  await collectionOf(db, texts, { id, space });
  await commitSegment(db, batchOf(id, [...texts.keys()], texts, space));
  return id;
}

function asked(...texts: string[]): Set<string> {
  return new Set(texts.map(keyOf));
}

describe('vectors that need not be bought again', () => {
  test('are found in every collection of the same space, dead rows included', async () => {
    const db = await freshDatabase();
    const first = await embedded(db, ['red', 'green'], SPACE);
    await embedded(db, ['x', 'y', 'blue'], SPACE);
    await killRows(db, first, [0]);
    const held = await findHeld(db, SPACE, asked('blue', 'red', 'grey'));
    expect(held.keys).toEqual(asked('blue', 'red'));
    expect(await held.read([keyOf('blue'), keyOf('red')])).toEqual(
      new Map([
        [keyOf('blue'), vectorOf(2)],
        [keyOf('red'), vectorOf(0)]
      ])
    );
  });

  test('are not taken from another model, provider, revision or number of dimensions', async () => {
    const db = await freshDatabase();
    await embedded(db, ['red'], SPACE);
    for (const other of [{ model: 'n' }, { provider: 'p' }, { revision: 2 }, { dimensions: 2 }]) {
      const held = await findHeld(db, { ...SPACE, ...other }, asked('red'));
      expect(held.keys.size).toBe(0);
    }
  });

  test('of text-embedding-3 are shortened from more dimensions, never stretched from fewer', async () => {
    const db = await freshDatabase();
    await embedded(db, ['red', 'green'], LARGE);
    const held = await findHeld(db, SHORT, asked('green'));
    const expected = shorten(vectorOf(1, 8), 3);
    expect((await held.read([keyOf('green')])).get(keyOf('green'))).toEqual(expected);

    const longer = await findHeld(db, { ...LARGE, dimensions: 16 }, asked('green'));
    expect(longer.keys.size).toBe(0);
  });

  test('come unshortened where they are held so', async () => {
    const db = await freshDatabase();
    await embedded(db, ['red'], LARGE, 'a' as CollectionId);
    await embedded(db, ['other', 'red'], SHORT, 'b' as CollectionId);
    await embedded(db, ['red'], LARGE, 'c' as CollectionId);
    const held = await findHeld(db, SHORT, asked('red'));
    expect((await held.read([keyOf('red')])).get(keyOf('red'))).toEqual(vectorOf(1));
  });

  test('are found in the query cache of the space', async () => {
    const db = await freshDatabase();
    await putCachedVector(db, spaceKey(SPACE), keyOf('question'), vectorOf(9));
    await putCachedVector(db, spaceKey(SHORT), keyOf('elsewhere'), vectorOf(8));
    await embedded(db, ['red'], SPACE);
    const held = await findHeld(db, SPACE, asked('question', 'elsewhere', 'red'));
    expect(held.keys).toEqual(asked('question', 'red'));
    expect(await held.read([...held.keys])).toEqual(
      new Map([
        [keyOf('question'), vectorOf(9)],
        [keyOf('red'), vectorOf(0)]
      ])
    );
  });

  test('are gone with their collection', async () => {
    const db = await freshDatabase();
    const id = await embedded(db, ['red'], SPACE);
    await deleteCollection(db, id);
    expect((await findHeld(db, SPACE, asked('red'))).keys.size).toBe(0);
  });
});

describe('the query cache', () => {
  test('gives back what was put, by space and text', async () => {
    const db = await freshDatabase();
    const wide = Float32Array.from([9, ...vectorOf(1), 9]);
    await putCachedVector(db, 'space', 'hash', wide.subarray(1, 4));
    const cached = await getCachedVector(db, 'space', 'hash');
    expect(cached).toEqual(vectorOf(1));
    expect(cached!.buffer.byteLength).toBe(12);
    expect(await getCachedVector(db, 'other', 'hash')).toBeUndefined();
    expect(await getCachedVector(db, 'space', 'other')).toBeUndefined();
  });

  test('holds 2,000 vectors and lets go of those used longest ago', async () => {
    const db = await freshDatabase();
    let now = 1;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now++);
    const tx = db.transaction('vectors', 'readwrite');
    await Promise.all(
      Array.from({ length: 2000 }, (_, n) =>
        tx.store.put({ space: 's', hash: `${n}`, vector: vectorOf(n), usedAt: now++ })
      )
    );
    await getCachedVector(db, 's', '0');
    await putCachedVector(db, 's', 'new', vectorOf(0));
    await putCachedVector(db, 's', 'newer', vectorOf(0));
    clock.mockRestore();

    expect(await db.count('vectors')).toBe(2000);
    const kept = await Promise.all(
      ['0', '1', '2', '3', 'new'].map((hash) => db.getKey('vectors', ['s', hash]))
    );
    expect(kept.map((key) => key?.[1])).toEqual(['0', undefined, undefined, '3', 'new']);
  });
});

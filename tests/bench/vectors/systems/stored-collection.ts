import { HASH_BYTES, hashKey } from '#lib/base/hash.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { createCollection, listCollections } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { SEGMENT_ROWS } from '#lib/collection/store/schema.ts';
import { commitSegment } from '#lib/collection/store/segments.ts';

/**
 * Keeps vectors as the application does: a collection with an item a row, its vectors acknowledged
 * segment by segment, each in a strict transaction. The texts' hashes are the rows' numbers.
 */
export async function storeCollection(
  db: Database,
  id: CollectionId,
  vectors: Float32Array,
  dimensions: number
): Promise<void> {
  const count = vectors.length / dimensions;
  await createCollection(
    db,
    {
      id,
      name: 'Vectors',
      space: { provider: 'bench', model: 'bench', dimensions, revision: 1 },
      template: '{text}',
      titleField: null,
      idField: null,
      fields: [],
      createdAt: Date.now(),
      lastExportAt: null
    },
    items(count)
  );
  for (let from = 0; from < count; from += SEGMENT_ROWS) {
    const rows = Uint32Array.from(
      { length: Math.min(SEGMENT_ROWS, count - from) },
      (_, i) => from + i
    );
    await commitSegment(db, {
      collection: id,
      rows,
      vectors: vectors.subarray(from * dimensions, (from + rows.length) * dimensions),
      hashes: hashes(rows),
      dimensions,
      spent: { tokens: 0, costUsd: 0, requests: 0 },
      replaces: []
    });
  }
}

/** The collection that was kept. */
export async function storedCollection(db: Database): Promise<CollectionId> {
  const [collection] = await listCollections(db);
  if (!collection) throw new Error('No collection was kept.');
  return collection.id;
}

function* items(count: number) {
  for (let row = 0; row < count; row++) {
    const textHash = hashKey(hashes(Uint32Array.of(row)));
    yield { id: String(row), fields: {}, textHash, tokens: 0 };
  }
}

function hashes(rows: Uint32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(rows.length * HASH_BYTES);
  const view = new DataView(bytes.buffer);
  rows.forEach((row, i) => view.setUint32(i * HASH_BYTES, row));
  return bytes;
}

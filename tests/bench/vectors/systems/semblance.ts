import { newCollectionId, type CollectionId } from '#lib/base/ids.ts';
import { Engine } from '#lib/index/engine.ts';
import type { NeighbourQuery } from '#lib/index/types.ts';
import { sharedDatabase } from '#lib/workers/database.ts';
import { NOTHING_BEHIND, openCollection, type Searching } from './open-collection.ts';
import { storeCollection, storedCollection } from './stored-collection.ts';
import type { System } from './system.ts';

/** What is asked of the index, by name. */
const WAYS: Record<string, Pick<NeighbourQuery, 'method'>> = {
  'exact-f32': { method: 'exact' },
  hnsw: { method: 'hnsw' },
  automatic: { method: 'automatic' }
};

/**
 * Our own index. The exact ways are measured on an engine alone, in memory; the others as the
 * application runs them, on a collection in the store with the graph's workers beside.
 */
export async function load(method: string): Promise<System> {
  const way = WAYS[method];
  if (!way) throw new Error(`'${method}' waits for the new engine`);
  const db = await sharedDatabase();
  let searching: Searching;

  async function ask(vector: Float32Array, k: number, allowed?: Uint8Array): Promise<Uint32Array> {
    return (await searching.search({ ...way!, vector, k, allowed })).rows;
  }

  async function openStored(id: CollectionId): Promise<void> {
    searching = await openCollection(id, way!.method !== 'exact');
    // Without its graph an answer would be an exact one.
    if (way!.method === 'hnsw') await searching.settle();
  }

  async function buildStored(vectors: Float32Array, dimensions: number): Promise<void> {
    const id = newCollectionId();
    await storeCollection(db, id, vectors, dimensions);
    await openStored(id);
  }

  async function buildInMemory(vectors: Float32Array, dimensions: number): Promise<void> {
    const engine = Engine.open(dimensions);
    engine.add({
      rows: Uint32Array.from({ length: vectors.length / dimensions }, (_, i) => i),
      vectors
    });
    searching = {
      ...NOTHING_BEHIND,
      search: (query) => engine.search(query),
      bytes: () => engine.bytes
    };
  }

  const isExact = way.method === 'exact';
  return {
    build: isExact ? buildInMemory : buildStored,
    settle: () => searching.settle(),
    search: (query, k) => ask(query, k),
    searchFiltered: (query, k, allowed) => ask(query, k, allowed),
    // What is built in the store is kept already; its graph follows.
    ...(isExact ? { buildStored } : { save: async () => {} }),
    kept: () => searching.kept(),
    open: async () => openStored(await storedCollection(db)),
    ownBytes: () => searching.bytes()
  };
}

import { newCollectionId, type CollectionId } from '#lib/base/ids.ts';
import { SEGMENT_ROWS } from '#lib/collection/store/schema.ts';
import { Engine } from '#lib/index/engine.ts';
import type { KernelKind } from '#lib/index/kernel/kernel.ts';
import { loadKernel } from '#lib/index/kernel/load.ts';
import type { NeighbourQuery } from '#lib/index/types.ts';
import { sharedDatabase } from '#lib/workers/database.ts';
import { openCollection, searchOf, type Searching } from './open-collection.ts';
import { storeCollection, storedCollection } from './stored-collection.ts';
import type { LastAnswer, System } from './system.ts';

/** A way to ask the index. */
interface Way {
  asked: Pick<NeighbourQuery, 'method' | 'precision'>;
  /** Stays in memory: the others move to the store, as the application has its collections. */
  inMemory?: boolean;
  withGraph?: boolean;
  /** Bytes of float32 vectors kept in memory; as the application decides when undefined. */
  vectorBudget?: number;
  kernel?: KernelKind;
}

const int8 = { method: 'exact', precision: 'int8' } as const;
const WAYS: Record<string, Way> = {
  'exact-f32': { asked: { method: 'exact', precision: 'float32' }, inMemory: true },
  'exact-int8': { asked: int8, vectorBudget: 0 },
  'exact-int8-simd': { asked: int8, vectorBudget: 0, kernel: 'simd' },
  hnsw: { asked: { method: 'hnsw' }, withGraph: true },
  automatic: { asked: { method: 'automatic' }, withGraph: true }
};

/**
 * Our own index. Every way answers from an engine in memory first. Then all but `exact-f32` store the
 * collection and open it as the application does; those with a graph have it built behind.
 */
export async function load(method: string): Promise<System> {
  const { asked, inMemory, ...options } = WAYS[method]!;
  const db = await sharedDatabase();
  const kernel = await loadKernel(options.kernel);
  let searching: Searching;
  let given: { vectors: Float32Array; dimensions: number } | undefined;
  let storedMs: number | null = null;
  let last: LastAnswer = { scanMs: undefined, firstMs: undefined };

  async function ask(vector: Float32Array, k: number, allowed?: Uint8Array): Promise<Uint32Array> {
    const from = performance.now();
    let firstMs: number | undefined;
    const onFirst = () => (firstMs = performance.now() - from);
    const { rows, plan } = await searching.search({ ...asked, vector, k, allowed }, onFirst);
    last = { scanMs: plan.steps.find(({ name }) => name === 'scan')?.ms, firstMs };
    return rows;
  }

  async function openStored(id: CollectionId): Promise<void> {
    searching = await openCollection(id, options);
  }

  async function buildInMemory(vectors: Float32Array, dimensions: number): Promise<void> {
    const engine = Engine.open(dimensions, { kernel });
    const count = vectors.length / dimensions;
    for (let from = 0; from < count; from += SEGMENT_ROWS) {
      const until = Math.min(count, from + SEGMENT_ROWS);
      engine.add({
        rows: Array.from({ length: until - from }, (_, i) => from + i),
        vectors: vectors.subarray(from * dimensions, until * dimensions)
      });
    }
    searching = searchOf(engine);
    given = { vectors, dimensions };
  }

  async function settle(): Promise<void> {
    if (given && !inMemory) {
      const { vectors, dimensions } = given;
      given = undefined;
      const from = performance.now();
      const id = newCollectionId();
      await storeCollection(db, id, vectors, dimensions);
      await openStored(id);
      await ask(vectors.slice(0, dimensions), 1);
      storedMs = performance.now() - from;
    }
    await searching.settle();
  }

  return {
    build: buildInMemory,
    settle,
    search: (query, k) => ask(query, k),
    searchFiltered: (query, k, allowed) => ask(query, k, allowed),
    lastAnswer: () => last,
    indexMs: () => searching.indexMs(),
    storedMs: () => storedMs,
    kept: () => searching.kept(),
    ...(!inMemory && { open: async () => openStored(await storedCollection(db)) }),
    ownBytes: () => searching.bytes()
  };
}

import { HNSW } from 'mememo';
import type { System } from './system.ts';

/**
 * mememo as its README uses it: vectors in IndexedDB, the graph in memory. It has no filter, and its
 * README no way to open again what it keeps: a new index empties the store.
 */
export async function load(): Promise<System> {
  const index = new HNSW({ distanceFunction: 'cosine' });
  let effort: number | undefined;
  return {
    async build(vectors, dimensions) {
      const keys: string[] = [];
      const values: number[][] = [];
      for (let row = 0; row < vectors.length / dimensions; row++) {
        keys.push(String(row));
        values.push(Array.from(vectors.subarray(row * dimensions, (row + 1) * dimensions)));
      }
      await index.bulkInsert(keys, values);
    },
    async search(query, k) {
      const { keys } = await index.query(Array.from(query), k, effort);
      return keys.map(Number);
    },
    setEffort: (value) => (effort = value)
  };
}

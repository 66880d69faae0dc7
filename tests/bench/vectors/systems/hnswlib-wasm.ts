import { loadHnswlib, syncFileSystem } from 'hnswlib-wasm';
import { bitAt } from '#lib/base/bits.ts';
import type { System } from './system.ts';

const FILE = 'vectors.dat';
/** M, efConstruction, seed, efSearch, as in its README (`16, 200` of the second example). */
const PARAMETERS = { m: 16, efConstruction: 200, seed: 100, efSearch: 32 };
/** Its `addItems` copies what it is given into WebAssembly memory a second time. */
const BATCH = 1000;

/** hnswlib-wasm as published and as its README uses it, with its own IndexedDB file system. */
export async function load(): Promise<System> {
  const library = await loadHnswlib();
  library.EmscriptenFileSystemManager.setDebugLogs(false);
  let index: InstanceType<typeof library.HierarchicalNSW>;
  let rowOf: number[] = [];

  const rows = (labels: number[]) => labels.map((label) => rowOf[label] ?? label);
  return {
    async build(vectors, dimensions) {
      const count = vectors.length / dimensions;
      index = new library.HierarchicalNSW('cosine', dimensions, '');
      index.initIndex(count, PARAMETERS.m, PARAMETERS.efConstruction, PARAMETERS.seed);
      index.setEfSearch(PARAMETERS.efSearch);
      rowOf = [];
      for (let from = 0; from < count; from += BATCH) {
        const items: Float32Array[] = [];
        for (let row = from; row < Math.min(count, from + BATCH); row++) {
          items.push(vectors.subarray(row * dimensions, (row + 1) * dimensions));
        }
        index.addItems(items, true).forEach((label, i) => (rowOf[label] = from + i));
      }
    },
    search: (query, k) => rows(index.searchKnn(query, k, undefined).neighbors),
    searchFiltered(query, k, allowed) {
      const isAllowed = (label: number) => bitAt(allowed, rowOf[label] ?? label);
      return rows(index.searchKnn(query, k, isAllowed).neighbors);
    },
    setEffort: (effort) => index.setEfSearch(effort),
    async save() {
      await index.writeIndex(FILE);
      await syncFileSystem('write');
    },
    async open(dimensions) {
      index = new library.HierarchicalNSW('cosine', dimensions, '');
      await syncFileSystem('read');
      await index.readIndex(FILE, 0);
      index.setEfSearch(PARAMETERS.efSearch);
    }
  };
}

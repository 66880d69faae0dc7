import { HASH_BYTES, hashKey } from '#lib/base/hash.ts';
import { sameSpace, spaceKey, type Space } from '#lib/base/space.ts';
import { shorten } from '#lib/base/vector.ts';
import { keysOf, read, type Database } from './database.ts';
import { readCached } from './query-cache.ts';
import { readVectorsAt } from './segments.ts';
import type { Segment } from './schema.ts';

/** Vectors that need not be bought again. */
export interface HeldVectors {
  /** Which of the asked for texts are held. */
  readonly keys: Set<string>;
  /**
   * The vectors of held texts, in the asked for space, L2-normalised. Segments are read slice by
   * slice; ask for as many as should stand in memory at once. Throws `StoreError`.
   */
  read(keys: string[]): Promise<Map<string, Float32Array>>;
}

interface Place {
  segment: Segment;
  position: number;
}

/**
 * Finds which texts (by hash key) have an acknowledged vector that serves in `space`: in any
 * collection of the same space, in one of the same text-embedding-3 model with more dimensions, or
 * in the query cache. Rows that are dead count too: their vectors were paid for.
 */
export async function findHeld(
  db: Database,
  space: Space,
  hashes: Set<string>
): Promise<HeldVectors> {
  const { segments, cachedKeys } = await readCandidates(db, space);
  const places = new Map<string, Place>();
  for (const segment of segments) {
    for (let position = 0; position < segment.count; position++) {
      const key = hashKey(segment.hashes, position * HASH_BYTES);
      if (hashes.has(key) && !places.has(key)) places.set(key, { segment, position });
    }
  }
  const cached = cachedKeys.filter((key) => hashes.has(key));
  return {
    keys: new Set([...places.keys(), ...cached]),
    read: (keys) => readHeld(db, space, places, keys)
  };
}

/** Segments whose vectors serve in `space`, those that need no shortening first, and cached texts. */
function readCandidates(
  db: Database,
  space: Space
): Promise<{ segments: Segment[]; cachedKeys: string[] }> {
  return read(db, ['collections', 'segments', 'vectors'], async (tx) => {
    const collections = (await tx.objectStore('collections').getAll())
      .filter((collection) => serves(collection.space, space))
      .sort((a, b) => a.space.dimensions - b.space.dimensions);
    const segments = await Promise.all(
      collections.map(({ id }) => tx.objectStore('segments').getAll(keysOf(id)))
    );
    const cached = await tx.objectStore('vectors').getAllKeys(keysOf(spaceKey(space)));
    return { segments: segments.flat(), cachedKeys: cached.map(([, hash]) => hash) };
  });
}

/**
 * Whether a vector of one space can be given in another: text-embedding-3 models are trained so
 * that the first values of a vector, normalised, are the shorter vector.
 * @see https://openai.com/index/new-embedding-models-and-api-updates/
 */
function serves(have: Space, wanted: Space): boolean {
  if (!wanted.model.startsWith('text-embedding-3')) return sameSpace(have, wanted);
  const long = have.dimensions >= wanted.dimensions;
  return long && sameSpace({ ...have, dimensions: wanted.dimensions }, wanted);
}

async function readHeld(
  db: Database,
  space: Space,
  places: Map<string, Place>,
  keys: string[]
): Promise<Map<string, Float32Array>> {
  const vectors = new Map<string, Float32Array>();
  const bySegment = Map.groupBy(keys, (key) => places.get(key)?.segment);
  for (const [segment, wanted] of bySegment) {
    if (segment) {
      const positions = wanted.map((key) => places.get(key)!.position);
      const found = await readVectorsAt(segment, positions);
      wanted.forEach((key, n) => {
        const vector = found.slice(n * segment.dimensions, (n + 1) * segment.dimensions);
        vectors.set(
          key,
          vector.length > space.dimensions ? shorten(vector, space.dimensions) : vector
        );
      });
    } else {
      const found = await readCached(db, spaceKey(space), wanted);
      for (const { hash, vector } of found) vectors.set(hash, vector);
    }
  }
  return vectors;
}

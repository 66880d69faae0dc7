import { expect, onTestFinished, vi } from 'vitest';
import type { VectorCodes } from '#lib/base/codes.ts';
import { putCachedVectors, useCachedVectors } from '#lib/collection/store/query-cache.ts';
import { StoreError } from '#lib/base/errors.ts';
import { hashKey, hashText } from '#lib/base/hash.ts';
import { newCollectionId, type CollectionId, type Row } from '#lib/base/ids.ts';
import { normalise } from '#lib/base/vector.ts';
import { createCollection } from '#lib/collection/store/collections.ts';
import {
  keysOf,
  openDatabase,
  type Database,
  type OpenOptions
} from '#lib/collection/store/database.ts';
import type { SegmentCodes, StagedItem } from '#lib/collection/store/schema.ts';
import { commitSegment, listSegments } from '#lib/collection/store/segments.ts';
import type { GraphStamp, IndexSettings } from '#lib/index/types.ts';
import type { Space } from '#lib/base/space.ts';
import type { Collection } from '#lib/collection/types.ts';

export const SPACE: Space = { provider: 'test', model: 'm', dimensions: 3, revision: 1 };
export const NOTHING_SPENT = { tokens: 0, costUsd: 0, requests: 0 };

/** A database name of its own, deleted when the test has finished. */
export function freshName(): string {
  const name = `test-${crypto.randomUUID()}`;
  onTestFinished(
    () =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name);
        request.onsuccess = () => resolve();
        request.onerror = () => reject(request.error);
      })
  );
  return name;
}

/** A connection that is closed when the test has finished. */
export async function open(options: OpenOptions & { name: string }): Promise<Database> {
  const db = await openDatabase(options);
  onTestFinished(() => db.close());
  return db;
}

/** An empty database of the test's own. */
export function freshDatabase(): Promise<Database> {
  return open({ name: freshName() });
}

/** An item ready to be staged; its text is its id unless told. */
export function item(id: string, text = id): Omit<StagedItem, 'row'> {
  return { id, fields: { title: text }, textHash: keyOf(text), tokens: 1 };
}

export function keyOf(text: string): string {
  return hashKey(hashText(text));
}

/** A made-up unit vector that depends on the number alone. */
export function vectorOf(number: number, dimensions = SPACE.dimensions): Float32Array {
  return normalise(
    Float32Array.from({ length: dimensions }, (_, i) => Math.sin(number + 1 + 7 * i))
  );
}

/** A collection that holds items with these ids, none embedded. */
export async function collectionOf(
  db: Database,
  ids: string[],
  {
    id = newCollectionId(),
    space = SPACE,
    createdAt = 1
  }: Partial<Pick<Collection, 'id' | 'space' | 'createdAt'>> = {}
): Promise<CollectionId> {
  await createCollection(
    db,
    {
      id,
      name: 'Things',
      space,
      template: '{title}',
      titleField: 'title',
      idField: null,
      fields: [{ name: 'title', type: 'text' }],
      createdAt,
      lastExportAt: null
    },
    ids.map((one) => item(one))
  );
  return id;
}

/** What to commit for `rows`: vector and hash of each are made from its row. */
export function batch(collection: CollectionId, rows: Row[], space = SPACE) {
  const texts = rows.map((row) => `text ${row}`);
  return batchOf(collection, rows, texts, space);
}

export function batchOf(collection: CollectionId, rows: Row[], texts: string[], space = SPACE) {
  return {
    collection,
    rows: Uint32Array.from(rows),
    vectors: joined(rows.map((row) => vectorOf(row, space.dimensions))),
    hashes: Uint8Array.from(texts.flatMap((text) => [...hashText(text)])),
    dimensions: space.dimensions,
    spent: NOTHING_SPENT,
    replaces: [] as Row[]
  };
}

/** What a graph that any of these tests keeps says it was made from. */
export const GRAPH_STAMP: GraphStamp = {
  generation: 0,
  count: 1,
  space: 's',
  dimensions: 3,
  M: 16,
  efConstruction: 200,
  buildMs: 5,
  digests: ['']
};

export const INDEX_SETTINGS: IndexSettings = {
  choice: { dimensions: 'automatic', M: 16, efConstruction: 200 },
  measurement: null
};

export function joined(vectors: Float32Array[]): Float32Array {
  return Float32Array.from(vectors.flatMap((vector) => [...vector]));
}

export function commit(db: Database, collection: CollectionId, rows: Row[], replaces: Row[] = []) {
  return commitSegment(db, { ...batch(collection, rows), replaces });
}

/**
 * Has the browser abort every transaction that puts into a store, until this is undone by what it
 * returns, or the test has finished.
 */
export function abortPuts(store: string): () => void {
  const { put } = IDBObjectStore.prototype;
  const aborting = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
    this: IDBObjectStore,
    ...args
  ) {
    const request = put.apply(this, args);
    if (this.name === store) this.transaction.abort();
    return request;
  });
  const undo = () => aborting.mockRestore();
  onTestFinished(undo);
  return undo;
}

/** Asserts that a promise rejects with a `StoreError` of this code. */
export async function expectCode(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason
  );
  expect(error).toBeInstanceOf(StoreError);
  expect((error as StoreError).code).toBe(code);
}

/** Asserts that codes stand for these vectors: no value is off by more than half a step. */
export function expectNear(vectors: Float32Array, { codes, scales }: VectorCodes): void {
  expect(codes).toHaveLength(vectors.length);
  const off = codes.findIndex((code, i) => {
    const scale = scales[i % scales.length]!;
    return Math.abs(vectors[i]! - code * scale) > scale * (0.5 + 1e-9);
  });
  expect(off).toBe(-1);
}

/** How many records each store holds. */
export async function recordsByStore(db: Database): Promise<Record<string, number>> {
  const names = [...db.objectStoreNames];
  const counts = await Promise.all(names.map((name) => db.count(name)));
  return Object.fromEntries(names.map((name, n) => [name, counts[n]!]));
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Chromium's Storage Buckets: a part of the browser's storage with a quota of its own. */
interface StorageBuckets {
  open(name: string, options: { quota: number }): Promise<{ indexedDB: IDBFactory }>;
  delete(name: string): Promise<void>;
}

const buckets = new Set<object>();

/** A database that may hold `quota` bytes. `destroy` ends it as a reader does who clears the data. */
export async function databaseInBucket(
  quota: number,
  onClosed?: () => void
): Promise<{ db: Database; destroy: () => Promise<void> }> {
  const { storageBuckets } = navigator as Navigator & { storageBuckets: StorageBuckets };
  const name = `test-${crypto.randomUUID()}`;
  const bucket = await storageBuckets.open(name, { quota });
  const destroy = () => storageBuckets.delete(name);
  // A bucket that is collected as garbage takes its connections with it: this one is held.
  buckets.add(bucket);
  onTestFinished(async () => {
    await destroy();
    buckets.delete(bucket);
  });
  vi.stubGlobal('indexedDB', bucket.indexedDB);
  try {
    return { db: await open({ name: 'in-bucket', ...(onClosed && { onClosed }) }), destroy };
  } finally {
    vi.unstubAllGlobals();
  }
}

/** The codes that are kept of a collection, by rising first row; see `getCodes`. */
export function listCodes(db: Database, id: CollectionId): Promise<SegmentCodes[]> {
  return db.getAll('codes', keysOf(id));
}

/** The keys of a collection's segments: [collection, first row, count]. */
export async function segmentKeys(
  db: Database,
  id: CollectionId
): Promise<[CollectionId, Row, number][]> {
  const segments = await listSegments(db, id);
  return segments.map(({ collection, firstRow, count }) => [collection, firstRow, count]);
}

/** The kept vector of one text; counts as a use of it. */
export async function getCachedVector(
  db: Database,
  spaceKey: string,
  hash: string
): Promise<Float32Array | undefined> {
  return (await useCachedVectors(db, spaceKey, [hash])).get(hash);
}

/** Keeps the vector of one text. */
export function putCachedVector(
  db: Database,
  spaceKey: string,
  hash: string,
  vector: Float32Array
): Promise<void> {
  return putCachedVectors(db, spaceKey, new Map([[hash, vector]]));
}

import type { CollectionId, Row } from '#lib/base/ids.ts';
import { getCollection } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { getDeadRows } from '#lib/collection/store/dead.ts';
import type { Segment } from '#lib/collection/store/schema.ts';
import { listSegments } from '#lib/collection/store/segments.ts';
import { spaceKey } from '#lib/base/space.ts';
import type { Snapshot } from '#lib/index/types.ts';

/** What an index of a collection is made from, as the store has it now. */
export interface IndexSource {
  dimensions: number;
  /** The space of the vectors, as a key. */
  space: string;
  /** The model they were made with. */
  model: string;
  /** Rows below it are taken, with a vector or waiting for one. */
  nextRow: Row;
  /** Vectors are handles: none is read. */
  segments: Segment[];
  /** Dead rows as a bitmap. */
  dead: Uint8Array;
  snapshot: Snapshot;
}

/** Reads a collection's {@link IndexSource}; throws `StoreError` `collection-gone`. */
export async function readIndexSource(db: Database, id: CollectionId): Promise<IndexSource> {
  const { space, nextRow, generation } = await getCollection(db, id);
  // In this order a row replaced meanwhile is seen twice for a moment, never missed.
  const { bits: dead, revision: deadRevision } = await getDeadRows(db, id);
  const segments = await listSegments(db, id);
  const embedded = segments.reduce((sum, { count }) => sum + count, 0);
  return {
    dimensions: space.dimensions,
    space: spaceKey(space),
    model: space.model,
    nextRow,
    segments,
    dead,
    snapshot: { generation, embedded, deadRevision }
  };
}

import { StoreError } from '#lib/base/errors.ts';
import { HASH_BYTES } from '#lib/base/hash.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import { encodeSegment } from './codes.ts';
import { keysOf, read, toStoreError, type Database, type Writing } from './database.ts';
import { edit, type CollectionState } from './edit.ts';
import { itemsAt } from './items.ts';
import { RowSet } from './row-set.ts';
import { addToRun } from './runs.ts';
import { SEGMENT_ROWS, type Segment, type SegmentCodes } from './schema.ts';

/** Vectors that were bought (or found), and all that changes with them. */
export interface CommitBatch {
  collection: CollectionId;
  /** In any order; none twice. Empty when money was spent but no row is complete. */
  rows: Uint32Array;
  /** `rows.length × dimensions`, row-major, L2-normalised. */
  vectors: Float32Array;
  /** `rows.length × HASH_BYTES`: the hash of each row's text. */
  hashes: Uint8Array;
  dimensions: number;
  spent: { tokens: number; costUsd: number; requests: number };
  /** Rows that die because one of `rows` takes their place. */
  replaces: Row[];
}

/**
 * Acknowledges a batch in one strict transaction: its vectors with their codes, what they cost,
 * failed rows that are embedded now, replaced rows that die. When this resolves, the batch survives
 * any kill. A row that was itself deleted or superseded while its request was under way keeps its
 * vector and replaces nothing. More than `SEGMENT_ROWS` rows become several segments. Throws
 * `StoreError`, nothing written: `collection-gone`, `row-embedded`, `row-unknown`,
 * `segment-malformed`, and what `write` throws.
 */
export async function commitSegment(
  db: Database,
  batch: CommitBatch
): Promise<{ deadRevision: number }> {
  const parts = segmentsOf(batch);
  const stores = ['items', 'segments', 'codes', 'runs', 'settings'] as const;
  const { deadRevision } = await edit(db, batch.collection, [...stores], async (state, tx) => {
    if (batch.dimensions !== state.collection.space.dimensions) throw malformed();
    for (const row of batch.rows) claim(row, state);
    for (const row of await replacedBy(batch, state, tx)) state.dead.add(row);
    // `put` for codes: what is left of a cache never stands in the way of what was bought.
    await Promise.all(
      parts.flatMap(({ segment, codes }) => [
        tx.objectStore('segments').add(segment),
        tx.objectStore('codes').put(codes)
      ])
    );
    await addToRun(tx, state, batch.spent);
    return state.collection;
  });
  return { deadRevision };
}

/** Every segment of a collection, by rising first row. Vectors are handles: none is read. */
export function listSegments(db: Database, id: CollectionId): Promise<Segment[]> {
  return read(db, ['segments'], (tx) => tx.objectStore('segments').getAll(keysOf(id)));
}

/** All vectors of a segment: `count × dimensions`, row-major, L2-normalised. */
export function readVectors({ vectors }: Pick<Segment, 'vectors'>): Promise<Float32Array> {
  return readFloats(vectors);
}

/**
 * The vectors at `positions` of a segment (not rows), in that order: `positions.length ×
 * dimensions`, row-major. Only these are read, and what lies between near ones.
 */
export async function readVectorsAt(
  { dimensions, vectors }: Pick<Segment, 'dimensions' | 'vectors'>,
  positions: number[]
): Promise<Float32Array> {
  const bytes = dimensions * Float32Array.BYTES_PER_ELEMENT;
  const result = new Float32Array(positions.length * dimensions);
  await Promise.all(
    stretches(positions, NEAR_BYTES / bytes).map(async ({ from, to, wanted }) => {
      const found = await readFloats(vectors.slice(from * bytes, to * bytes));
      for (const n of wanted) {
        const start = (positions[n]! - from) * dimensions;
        result.set(found.subarray(start, start + dimensions), n * dimensions);
      }
    })
  );
  return result;
}

/** Rows that have a vector, as a bitmap: bit `row & 7` of byte `row >> 3`. */
export function embeddedRows(segments: Segment[]): Uint8Array {
  const embedded = new RowSet();
  for (const { rows } of segments) for (const row of rows) embedded.add(row);
  return embedded.bits;
}

/** Notes that a row has its vector; one row never has two. */
function claim(row: Row, { collection, embedded }: CollectionState): void {
  if (row >= collection.nextRow) {
    throw new StoreError('row-unknown', `The collection has no row ${row}.`, 'Reload the page.');
  }
  if (embedded.has(row)) {
    throw new StoreError(
      'row-embedded',
      `Row ${row} has its vector already.`,
      'Close other tabs that embed this collection, then resume.',
      { row }
    );
  }
  embedded.add(row);
}

async function replacedBy(
  { collection, rows, replaces }: CommitBatch,
  { dead }: CollectionState,
  tx: Writing
): Promise<Row[]> {
  if (replaces.length === 0 || !rows.some((row) => dead.has(row))) return replaces;
  const live = await itemsAt(
    tx,
    collection,
    rows.filter((row) => !dead.has(row))
  );
  const taken = new Set(live.map((item) => item?.replaces));
  return replaces.filter((row) => taken.has(row));
}

/**
 * Segments of a batch, each by rising row, and their codes; made before the transaction opens, since
 * Blobs copy.
 */
export function segmentsOf({
  collection,
  rows,
  vectors,
  hashes,
  dimensions
}: Pick<CommitBatch, 'collection' | 'rows' | 'vectors' | 'hashes' | 'dimensions'>): {
  segment: Segment;
  codes: SegmentCodes;
}[] {
  if (vectors.length !== rows.length * dimensions) throw malformed();
  if (hashes.length !== rows.length * HASH_BYTES) throw malformed();
  const bytes = new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength);
  const rising = Uint32Array.from(rows.keys()).sort((a, b) => rows[a]! - rows[b]!);
  const parts: { segment: Segment; codes: SegmentCodes }[] = [];
  for (let from = 0; from < rising.length; from += SEGMENT_ROWS) {
    const order = rising.slice(from, from + SEGMENT_ROWS);
    const key = { collection, firstRow: rows[order[0]!]!, count: order.length, dimensions };
    const sorted = gather(bytes, order, dimensions * Float32Array.BYTES_PER_ELEMENT);
    const segment: Segment = {
      ...key,
      rows: order.map((n) => rows[n]!),
      vectors: new Blob([sorted]),
      hashes: gather(hashes, order, HASH_BYTES)
    };
    parts.push({ segment, codes: encodeSegment(key, new Float32Array(sorted.buffer)) });
  }
  return parts;
}

/** The pieces of `width` bytes that `order` names, one after the other. */
function gather(bytes: Uint8Array, order: Uint32Array, width: number): Uint8Array<ArrayBuffer> {
  const gathered = new Uint8Array(order.length * width);
  order.forEach((from, to) =>
    gathered.set(bytes.subarray(from * width, (from + 1) * width), to * width)
  );
  return gathered;
}

function malformed(): StoreError {
  return new StoreError(
    'segment-malformed',
    'The vectors do not fit their rows or their collection’s dimensions.',
    'Reload the page and resume.'
  );
}

/**
 * Vectors this near to each other are read together: a read of its own costs 0.4 ms, as much as
 * 300 kB read on (measured in Chromium).
 */
const NEAR_BYTES = 256 * 1024;

/** Positions `from` ≤ p < `to`, and which of the asked for (by index) lie in them. */
interface Stretch {
  from: number;
  to: number;
  wanted: number[];
}

/** Covers positions by stretches; those with at most `gap` others between them share one. */
function stretches(positions: number[], gap: number): Stretch[] {
  const result: Stretch[] = [];
  const rising = [...positions.keys()].sort((a, b) => positions[a]! - positions[b]!);
  for (const n of rising) {
    const position = positions[n]!;
    let last = result.at(-1);
    if (!last || position - last.to > gap)
      result.push((last = { from: position, to: position, wanted: [] }));
    last.to = position + 1;
    last.wanted.push(n);
  }
  return result;
}

async function readFloats(blob: Blob): Promise<Float32Array> {
  try {
    return new Float32Array(await blob.arrayBuffer());
  } catch (error) {
    throw toStoreError(error);
  }
}

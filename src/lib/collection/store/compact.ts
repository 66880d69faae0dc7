import type { CollectionId, Row } from '#lib/base/ids.ts';
import { HASH_BYTES } from '#lib/base/hash.ts';
import { keysOf, type Database, type Writing } from './database.ts';
import { edit, type CollectionState } from './edit.ts';
import { assertRoomFor, keptBytes } from './quota.ts';
import { RowSet } from './row-set.ts';
import {
  BLOCK_ROWS,
  SEGMENT_ROWS,
  type ItemBlock,
  type Segment,
  type SegmentCodes,
  type StagedItem
} from './schema.ts';

/** Stands for a row that is dropped. */
const DROPPED = 0xffff_ffff;
/** So few dead rows cost nothing worth the work. */
const FEWEST_DEAD = 1000;
/** And so small a share of all. */
const SMALLEST_SHARE = 1 / 3;

/** Whether a collection of so many rows, so many of them dead, is worth compacting. */
export function worthCompacting(rows: number, dead: number): boolean {
  return dead > FEWEST_DEAD && dead > rows * SMALLEST_SHARE;
}

/**
 * Drops the dead rows of a collection and numbers the others anew, in their order, under the next generation;
 * small segments become full ones. It happens in one transaction: a kill at any moment leaves the old state or
 * the new one. Vectors are not read, only put together anew from pieces of their Blobs. What is kept about
 * rows by number goes along; graph and keyword index, which are caches, are dropped. Nobody may embed or
 * append meanwhile. Throws `StoreError`: `collection-gone`, `quota-exceeded`, and what `write` throws.
 */
export async function compact(
  db: Database,
  id: CollectionId
): Promise<{ before: Row; after: Row }> {
  const { nextRow, space } = (await db.get('collections', id)) ?? { nextRow: 0, space: null };
  if (space) await assertRoomFor(keptBytes(nextRow, space.dimensions));
  const stores = ['items', 'segments', 'codes', 'runs', 'graphs', 'derived'] as const;
  return edit(db, id, [...stores], async (state, tx) => {
    const before = state.collection.nextRow;
    const numbers = newNumbers(state);
    await moveItems(tx, id, numbers);
    await moveSegments(tx, id, numbers);
    await moveDerived(tx, id, numbers);
    await tx.objectStore('graphs').delete(id);
    const after = renumber(state, numbers);
    return { before, after };
  });
}

/** By row: its new number, or {@link DROPPED}. */
function newNumbers({ collection, dead }: CollectionState): Uint32Array {
  const numbers = new Uint32Array(collection.nextRow).fill(DROPPED);
  let next = 0;
  for (let row = 0; row < numbers.length; row++) if (!dead.has(row)) numbers[row] = next++;
  return numbers;
}

function renumber(state: CollectionState, numbers: Uint32Array): Row {
  const { collection, embedded, dead } = state;
  const moved = new RowSet();
  let after = 0;
  numbers.forEach((number, row) => {
    if (number === DROPPED) return;
    after++;
    if (embedded.has(row)) moved.add(number);
  });
  embedded.replace(moved);
  dead.replace(new RowSet());
  collection.nextRow = after;
  collection.generation++;
  return after;
}

async function moveItems(tx: Writing, id: CollectionId, numbers: Uint32Array): Promise<void> {
  const store = tx.objectStore('items');
  const blocks = await store.getAll(keysOf(id));
  await store.delete(keysOf(id));
  let block: ItemBlock = { collection: id, block: 0, items: [] };
  for (const { items } of blocks) {
    for (const item of items) {
      const row = numbers[item.row]!;
      if (row === DROPPED) continue;
      if (Math.floor(row / BLOCK_ROWS) !== block.block) {
        await store.put(block);
        block = { collection: id, block: Math.floor(row / BLOCK_ROWS), items: [] };
      }
      block.items.push(movedItem(item, row, numbers));
    }
  }
  if (block.items.length > 0) await store.put(block);
}

/** A row that it was to replace may be gone already. */
function movedItem({ replaces, ...item }: StagedItem, row: Row, numbers: Uint32Array): StagedItem {
  const replaced = replaces === undefined ? DROPPED : numbers[replaces]!;
  return { ...item, row, ...(replaced !== DROPPED && { replaces: replaced }) };
}

/** A row with a vector that stays, and where its vector is. */
interface Kept {
  row: Row;
  segment: Segment;
  position: number;
}

async function moveSegments(tx: Writing, id: CollectionId, numbers: Uint32Array): Promise<void> {
  const segments = await tx.objectStore('segments').getAll(keysOf(id));
  const codes = await tx.objectStore('codes').getAll(keysOf(id));
  const codesOf = new Map(codes.map((record) => [keyOf(record), record]));
  await tx.objectStore('segments').delete(keysOf(id));
  await tx.objectStore('codes').delete(keysOf(id));
  const kept: Kept[] = [];
  for (const segment of segments) {
    segment.rows.forEach((row, position) => {
      if (numbers[row] !== DROPPED) kept.push({ row: numbers[row]!, segment, position });
    });
  }
  kept.sort((a, b) => a.row - b.row);
  for (let from = 0; from < kept.length; from += SEGMENT_ROWS) {
    const part = kept.slice(from, from + SEGMENT_ROWS);
    const segment = joinedSegment(part);
    await tx.objectStore('segments').add(segment);
    // Scales are a segment's own: only codes of one origin can stay together.
    const [{ segment: origin }] = part as [Kept];
    const old = codesOf.get(keyOf(origin));
    const same = part.every((one) => one.segment === origin);
    if (same && old) await tx.objectStore('codes').put(joinedCodes(segment, old, part));
  }
}

function keyOf({ firstRow, count }: Pick<Segment, 'firstRow' | 'count'>): string {
  return `${firstRow} ${count}`;
}

function joinedSegment(part: Kept[]): Segment {
  const [{ segment: first, row: firstRow }] = part as [Kept];
  const { collection, dimensions } = first;
  const hashes = new Uint8Array(part.length * HASH_BYTES);
  part.forEach(({ segment, position }, n) => {
    const start = position * HASH_BYTES;
    hashes.set(segment.hashes.subarray(start, start + HASH_BYTES), n * HASH_BYTES);
  });
  return {
    collection,
    firstRow,
    count: part.length,
    rows: Uint32Array.from(part, ({ row }) => row),
    vectors: piecesOf(part, (segment) => segment.vectors, dimensions * 4),
    hashes,
    dimensions
  };
}

function joinedCodes(
  { collection, firstRow, count, dimensions }: Segment,
  { scales, codes }: SegmentCodes,
  part: Kept[]
): SegmentCodes {
  const pieces = piecesOf(part, () => codes, dimensions);
  return { collection, firstRow, count, dimensions, scales, codes: pieces };
}

/** The values of rows, `width` bytes each, from the Blobs they are in; neighbours are cut out together. */
function piecesOf(part: Kept[], blobOf: (segment: Segment) => Blob, width: number): Blob {
  const pieces: Blob[] = [];
  for (let from = 0; from < part.length;) {
    const { segment, position } = part[from]!;
    let to = from + 1;
    while (part[to]?.segment === segment && part[to]!.position === position + to - from) to++;
    pieces.push(blobOf(segment).slice(position * width, (position + to - from) * width));
    from = to;
  }
  return new Blob(pieces);
}

async function moveDerived(tx: Writing, id: CollectionId, numbers: Uint32Array): Promise<void> {
  const store = tx.objectStore('derived');
  for (const record of await store.getAll(keysOf(id))) {
    if (record.kind === 'keywords') await store.delete([id, record.kind, record.name]);
    if (record.kind !== 'predictions') continue;
    const { of, scores } = record.value;
    const moved = { of: new Uint16Array(numbers.length), scores: new Float32Array(numbers.length) };
    numbers.forEach((number, row) => {
      if (number === DROPPED) return;
      moved.of[number] = of[row] ?? 0;
      moved.scores[number] = scores[row] ?? 0;
    });
    await store.put({ ...record, value: { ...record.value, ...moved } });
  }
  const run = await tx.objectStore('runs').get(id);
  if (!run) return;
  const failed = run.failed.flatMap((failure) => {
    const row = numbers[failure.row] ?? DROPPED;
    return row === DROPPED ? [] : [{ ...failure, row }];
  });
  await tx.objectStore('runs').put({ ...run, failed });
}

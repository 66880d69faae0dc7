import { encodeVectors, type VectorCodes } from '#lib/base/codes.ts';
import { StoreError } from '#lib/base/errors.ts';
import { read, write, type Database } from './database.ts';
import type { Segment, SegmentCodes } from './schema.ts';

/** What tells the codes of one segment from those of another. */
export type SegmentKey = Pick<Segment, 'collection' | 'firstRow' | 'count'>;

/**
 * What is kept of the codes of `segments`, in that order; undefined for a segment that has none. Codes
 * are handles: none is read.
 */
export function getCodes(
  db: Database,
  segments: SegmentKey[]
): Promise<(SegmentCodes | undefined)[]> {
  return read(db, ['codes'], (tx) => {
    const store = tx.objectStore('codes');
    return Promise.all(
      segments.map(({ collection, firstRow, count }) => store.get([collection, firstRow, count]))
    );
  });
}

/**
 * The codes of a segment, or undefined when they can't be read or do not fit their own count and
 * dimensions: they are then as good as missing, and are made again from the vectors.
 */
export async function readCodes(record: SegmentCodes): Promise<VectorCodes | undefined> {
  const { count, dimensions, scales, codes } = record;
  if (!(codes instanceof Blob) || codes.size !== count * dimensions) return undefined;
  if (!(scales instanceof Float32Array) || scales.length !== dimensions) return undefined;
  if (!scales.every((scale) => scale >= 0 && scale < Infinity)) return undefined;
  try {
    return { codes: new Int8Array(await codes.arrayBuffer()), scales };
  } catch {
    return undefined;
  }
}

/**
 * Keeps codes for a segment that has none; where the segment is gone, nothing is kept. Throws
 * `StoreError` `codes-malformed` when they do not fit the segment, and what `write` throws: nothing
 * is lost then, and they can be kept another time.
 */
export async function saveCodes(
  db: Database,
  { collection, firstRow, count }: SegmentKey,
  codes: VectorCodes
): Promise<void> {
  const dimensions = codes.scales.length;
  if (codes.codes.length !== count * dimensions) throw codesMalformed();
  const record = toRecord({ collection, firstRow, count, dimensions }, codes);
  await write(db, ['segments', 'codes'], async (tx) => {
    const segment = await tx.objectStore('segments').get([collection, firstRow, count]);
    if (!segment) return;
    if (segment.dimensions !== dimensions) throw codesMalformed();
    await tx.objectStore('codes').put(record);
  });
}

/** What to keep for a segment with these vectors: `count × dimensions`, row-major. */
export function encodeSegment(
  segment: Omit<SegmentCodes, 'scales' | 'codes'>,
  vectors: Float32Array
): SegmentCodes {
  return toRecord(segment, encodeVectors(vectors, segment.dimensions));
}

function toRecord(
  { collection, firstRow, count, dimensions }: Omit<SegmentCodes, 'scales' | 'codes'>,
  { scales, codes }: VectorCodes
): SegmentCodes {
  const codesBlob = new Blob([codes]);
  // A copy, since a view would be stored with all of its buffer.
  return { collection, firstRow, count, dimensions, scales: scales.slice(), codes: codesBlob };
}

function codesMalformed(): StoreError {
  return new StoreError('codes-malformed', 'The codes do not fit their segment.');
}

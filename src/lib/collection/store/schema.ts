import type { SealedKey } from '#lib/embedding/sealed-key.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import type { IndexSettings, SavedGraph } from '#lib/index/types.ts';
import type { Collection, ItemAtRow } from '../types.ts';

/** Rows in a block of items. One record an item would take sixteen times as long to write. */
export const BLOCK_ROWS = 512;

/** Most rows in a segment. */
export const SEGMENT_ROWS = 2048;

/** `BLOCK_ROWS` neighbouring rows of a collection, with what is needed to embed them. */
export interface ItemBlock {
  collection: CollectionId;
  /** `⌊row / BLOCK_ROWS⌋` */
  block: number;
  /** Rising rows; a row that was never used is absent. */
  items: StagedItem[];
}

/** An item that is kept, with the text it stands for. */
export interface StagedItem extends ItemAtRow {
  /** Hash of the rendered text, as a key (see `hashKey`). */
  textHash: string;
  /** Tokens of the rendered text (cl100k_base). */
  tokens: number;
  /** The row this item takes the place of, dead once this one has its vector. */
  replaces?: Row;
}

/** Vectors as they were acknowledged; written once, never changed. */
export interface Segment {
  collection: CollectionId;
  /** Smallest row, and with `count` part of the key: progress is read from keys alone. */
  firstRow: Row;
  count: number;
  /** Rising. Rows of one segment need not be neighbours: equal texts share one request. */
  rows: Uint32Array;
  /** float32, `count × dimensions`, row-major, L2-normalised. */
  vectors: Blob;
  /** `count × HASH_BYTES`: the hash of each row's text. */
  hashes: Uint8Array;
  dimensions: number;
}

/**
 * The vectors of a segment in eight bits a value (see `VectorCodes`), under the same key and written
 * with it. A cache: segments of the first version of the database have none.
 */
export interface SegmentCodes extends Pick<
  Segment,
  'collection' | 'firstRow' | 'count' | 'dimensions'
> {
  /** `dimensions` */
  scales: Float32Array<ArrayBuffer>;
  /** int8, `count × dimensions`, row-major. */
  codes: Blob;
}

/**
 * Which rows of a collection have a vector and which are dead, as bitmaps: bit `row & 7` of byte
 * `row >> 3`. Written with every segment and deletion, in the same transaction.
 */
export interface RowStates {
  collection: CollectionId;
  embedded: Uint8Array;
  dead: Uint8Array;
}

/** Deleted rows of a collection as a bitmap: bit `row & 7` of byte `row >> 3`. */
export interface DeadRows {
  collection: CollectionId;
  bits: Uint8Array;
  /** The collection's `deadRevision`. */
  revision: number;
}

/** A row that could not be embedded, and why. */
export interface FailedRow {
  row: Row;
  code: string;
  message: string;
}

/** What embedding a collection has cost, and what went wrong. Never a key. */
export interface Run {
  collection: CollectionId;
  tokens: number;
  costUsd: number;
  requests: number;
  failed: FailedRow[];
  updatedAt: number;
}

/** A keyword index as it is kept. A cache. */
export interface KeptKeywords {
  /** Which rows under which template. */
  madeOf: string;
  /** SHA-256 of the bytes, hexadecimal. */
  digest: string;
  blob: Blob;
}

/** Labels that were predicted for the items of a collection, shown as a field. */
export interface Predictions {
  /** The field they are shown as. */
  field: string;
  labels: string[];
  /** By row: 1 + the index of its label; 0, and rows beyond the end, have none. */
  of: Uint16Array<ArrayBuffer>;
  /** By row. */
  scores: Float32Array<ArrayBuffer>;
  /** How they were made, in a sentence. */
  method: string;
  /** Milliseconds since 1970. */
  madeAt: number;
}

/** Labels that a reader gave to items by hand, by the items' ids. */
export type Examples = ReadonlyMap<string, string>;

/**
 * What was worked out about a collection, or set for it, beside its items: by kind and name. No cache to be
 * cleared: the index settings and the examples hold the reader's choices too, which can't be made again.
 */
export type Derived = { collection: CollectionId } & (
  | { kind: 'index'; name: 'settings'; value: IndexSettings }
  | { kind: 'keywords'; name: 'index'; value: KeptKeywords }
  | { kind: 'predictions'; name: string; value: Predictions }
  | { kind: 'examples'; name: 'marked'; value: Examples }
);

/** A query's or label's vector, kept so that it is not bought twice. */
export interface CachedVector {
  space: string;
  hash: string;
  vector: Float32Array;
  usedAt: number;
}

/** Tokens and dollars ever spent on this device, deleted collections included. */
export interface Spent {
  tokens: number;
  costUsd: number;
}

/** A key kept on this device, encrypted, and the address it may be sent to. */
export interface KeptKey {
  address: string;
  sealed: SealedKey;
}

/** Settings that are kept; the key of each is its name. */
export interface Settings {
  /** Lifetime spending. */
  spent: Spent;
  provider: { id: 'openai' | 'course' | 'compatible' | 'built-in'; baseUrl: string };
  /** Models the reader named for a compatible endpoint, newest first. */
  models: string[];
  /** Whether single keys do something, such as `/` for the search; they do where nothing is set. */
  shortcuts: boolean;
  /** Keys that the reader asked to be remembered; never in plain. */
  keys: { openai?: KeptKey; compatible?: KeptKey };
}

/** The stores of the database; `idb` derives every key and value from it. */
export interface Schema {
  collections: { key: CollectionId; value: Collection };
  items: { key: [CollectionId, number]; value: ItemBlock };
  segments: { key: [CollectionId, Row, number]; value: Segment };
  codes: { key: [CollectionId, Row, number]; value: SegmentCodes };
  rows: { key: CollectionId; value: RowStates };
  runs: { key: CollectionId; value: Run };
  graphs: { key: CollectionId; value: SavedGraph };
  derived: { key: [CollectionId, Derived['kind'], Derived['name']]; value: Derived };
  vectors: { key: [string, string]; value: CachedVector; indexes: { usedAt: number } };
  settings: { key: keyof Settings; value: Settings[keyof Settings] };
}

import type { CollectionId, Row } from '#lib/base/ids.ts';
import type { Space } from '#lib/base/space.ts';

/** What a field holds, found by looking at its values. */
export type FieldType = 'text' | 'number' | 'boolean' | 'date' | 'list';

/** A value of a field: text, number, true or false, an ISO 8601 date, a list of texts, or nothing. */
export type FieldValue = string | number | boolean | string[] | null;

/** A flat record: nested values stand under their path, such as `author.name`. */
export type Fields = Record<string, FieldValue>;

/** A field of a collection or of a file being imported. */
export interface Field {
  name: string;
  type: FieldType;
}

/** Where a passage was cut from: passages of one source stay together in results. */
export interface Passage {
  /** Name of the source, such as its file name. */
  source: string;
  /** 0-based place among the source's passages. */
  index: number;
  /** How many passages the source was cut into. */
  count: number;
}

/** One thing that is embedded and found. */
export interface Item {
  /** Unique among the live items of its collection. */
  id: string;
  fields: Fields;
  passage?: Passage;
}

/** An item at its place in a collection. */
export interface ItemAtRow extends Item {
  row: Row;
}

/** Something the reader should know about a file: a bad row is data, never an exception. */
export interface Issue {
  code: string;
  /** One sentence for the reader. */
  message: string;
  /** 1-based line of the file, where one is known. */
  line?: number;
}

/** A collection as it is kept; counts of rows are read from segments and deletions, not stored. */
export interface Collection {
  id: CollectionId;
  name: string;
  /** The space of all its vectors; they are never mixed with another's. */
  space: Space;
  /** How an item becomes the text that is embedded, such as `Title: {title}`. */
  template: string;
  /** The field shown as an item's heading. */
  titleField: string | null;
  /** The field the items' ids came from; null when they were generated. */
  idField: string | null;
  fields: Field[];
  /** Rises when rows are renumbered (compaction). */
  generation: number;
  /** Rows below it are taken. */
  nextRow: Row;
  /** Rises with every change of the dead rows. */
  deadRevision: number;
  createdAt: number;
  /** When it was last written to a file; null when never. Milliseconds since 1970. */
  lastExportAt: number | null;
}

/** How far a collection is, derived from its segments and dead rows. */
export interface CollectionCounts {
  /** Rows with a vector that are not dead. */
  live: number;
  /** Rows that wait for their vector and are not dead. */
  pending: number;
}

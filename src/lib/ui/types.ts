import type { FieldType, Passage } from '#lib/collection/types.ts';

/** A column of a file being imported, as the reader chooses from it. */
export interface ColumnView {
  name: string;
  type: FieldType;
  /** Rows that have a value. */
  filled: number;
  /** A few values, as texts. */
  examples: string[];
}

/** A collection as the home page lists it. */
export interface CollectionView {
  id: string;
  name: string;
  model: string;
  dimensions: number;
  /** Items with a vector. */
  live: number;
  /** Items that wait for their vector. */
  pending: number;
  /** Whether an embedding run is going on, here or in another tab. */
  running: boolean;
  tokens: number;
  costUsd: number;
  /** Milliseconds since 1970, as is `lastExportAt`; null when it was never exported. */
  createdAt: number;
  lastExportAt: number | null;
}

/** A sample that ships with the page. */
export interface SampleView {
  id: string;
  name: string;
  description: string;
  /** Items in it. */
  count?: number;
}

/** One answer to a search. */
export interface ResultView {
  id: string;
  row: number;
  title: string;
  /** Cosine similarity, -1 to 1. */
  similarity: number;
  /** The vector's fingerprint (see `fingerprint` in base/vector.ts). */
  cells: Int8Array;
  fields: { name: string; value: string }[];
  /** The text that was embedded, for items that are read rather than looked up. */
  text?: string;
  passage?: Passage;
  /** Its places by meaning and by words, from 1, in a search by both; null where it is not placed. */
  ranks?: { meaning: number | null; words: number | null };
  /** Further down, and nearly the same. */
  alike: ResultView[];
}

/** A stretch of a text, in UTF-16 units. */
export interface Stretch {
  from: number;
  to: number;
}

/** A row that could not be embedded, and why. */
export interface FailedRowView {
  /** 0-based. */
  row: number;
  message: string;
  title?: string;
}

/** What happened, and what to do next. */
export interface FaultView {
  /** Tells where it can be mended. */
  code: string;
  message: string;
  next: string;
}

/** What is asked with: one line, a line for each of several questions, or a longer text. */
export type AskMode = 'one' | 'several' | 'text';

import type { Fields, FieldValue, ItemAtRow, Passage } from '#lib/collection/types.ts';

/** An item that was found. */
export interface SearchResult {
  row: number;
  id: string;
  title: string;
  /** Cosine similarity to the query, in [-1, 1]. */
  similarity: number;
  /** Its fingerprint: `cells` signed bytes. */
  cells: Int8Array;
  /** All its fields as they are. */
  values: Fields;
  /** Filled fields other than the title, as texts. */
  fields: { name: string; value: string }[];
  /** What was embedded, for a passage, which is read rather than looked up. */
  text?: string;
  passage?: Passage;
  /** Where it stands by meaning and by words, from 1, when it was found by both; null where by one. */
  ranks?: Ranks;
  /** Items found below it that nearly repeat it, in their order. */
  alike: SearchResult[];
}

/** Places in the two rankings of a hybrid search, from 1; null where it was not among the first. */
export interface Ranks {
  meaning: number | null;
  words: number | null;
}

/** Rows that were found, in order, with what is needed to show them. */
export interface FoundRows {
  rows: Uint32Array;
  /** Cosine similarity of each to the question. */
  similarities: Float32Array;
  /** `rows.length × cells`. */
  fingerprints: Int8Array;
  /** For each, the place of the one before it that it nearly repeats; negative where there is none. */
  repeats: Int32Array;
  /** Of a hybrid search. */
  ranks?: Ranks[];
}

/** Fields that a passage is shown by already: its text and its place. */
const PASSAGE_FIELDS = ['text', 'source', 'passage'];

/** What {@link joinResults} needs to know of a found item. */
export type FoundItem = ItemAtRow & { text: string };

/**
 * Joins what was found with its items, in that order; what nearly repeats an earlier one stands with
 * it. A row whose item is gone (deleted in another tab meanwhile) is left out.
 */
export function joinResults(
  { rows, similarities, fingerprints, repeats, ranks }: FoundRows,
  items: FoundItem[],
  titleField: string | null
): SearchResult[] {
  const byRow = new Map(items.map((item) => [item.row, item]));
  const cells = fingerprints.length / (rows.length || 1);
  const joined: (SearchResult | undefined)[] = [];
  const results: SearchResult[] = [];
  rows.forEach((row, n) => {
    const item = byRow.get(row);
    if (!item) return;
    const result: SearchResult = {
      ...shownItem(item, titleField),
      similarity: similarities[n]!,
      cells: fingerprints.subarray(n * cells, (n + 1) * cells),
      ...(ranks && { ranks: ranks[n]! }),
      alike: []
    };
    joined[n] = result;
    const first = joined[repeats[n]!];
    (first ? first.alike : results).push(result);
  });
  return results;
}

function shownItem(item: FoundItem, titleField: string | null) {
  const { row, id, fields, passage, text } = item;
  const shown = Object.entries(fields)
    .filter(([name, value]) => name !== titleField && value !== null && value !== '')
    .filter(([name]) => !passage || !PASSAGE_FIELDS.includes(name))
    .map(([name, value]) => ({ name, value: formatValue(value) }));
  return {
    row,
    id,
    title: titleOf(item, titleField, () => text),
    values: fields,
    fields: shown,
    ...(passage && { text, passage })
  };
}

/** An item's heading: its title field, else the start of its text (rendered only then), else its id. */
export function titleOf(
  { id, fields }: Pick<ItemAtRow, 'id' | 'fields'>,
  titleField: string | null,
  text: () => string
): string {
  const title = titleField === null ? '' : formatValue(fields[titleField] ?? null);
  return title || firstLine(text()) || id;
}

/** A field's value as text. */
export function formatValue(value: FieldValue): string {
  if (value === null) return '';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > 90 ? `${line.slice(0, 90).trimEnd()}…` : line;
}

import type { FieldValue, ItemAtRow, Passage } from '#lib/collection/types.ts';
import type { Neighbours } from '#lib/index/types.ts';

/** An item that was found. */
export interface SearchResult {
  row: number;
  id: string;
  title: string;
  /** Cosine similarity to the query, in [-1, 1]. */
  similarity: number;
  /** Its fingerprint: `cells` signed bytes. */
  cells: Int8Array;
  /** Filled fields other than the title, as texts. */
  fields: { name: string; value: string }[];
  /** What was embedded, for a passage, which is read rather than looked up. */
  text?: string;
  passage?: Passage;
}

/** Fields that a passage is shown by already: its text and its place. */
const PASSAGE_FIELDS = ['text', 'source', 'passage'];

/** What {@link joinResults} needs to know of a found item. */
export type FoundItem = ItemAtRow & { text: string };

/**
 * Joins neighbours with their items, keeping the neighbours' order. A neighbour whose item is gone
 * (deleted in another tab meanwhile) is left out. `fingerprints` is `rows.length × cells`.
 */
export function joinResults(
  neighbours: Pick<Neighbours, 'rows' | 'similarities'>,
  fingerprints: Int8Array,
  items: FoundItem[],
  titleField: string | null
): SearchResult[] {
  const byRow = new Map(items.map((item) => [item.row, item]));
  const cells = fingerprints.length / (neighbours.rows.length || 1);
  const results: SearchResult[] = [];
  neighbours.rows.forEach((row, n) => {
    const item = byRow.get(row);
    if (!item) return;
    const title = titleOf(item, titleField, () => item.text);
    results.push({
      row,
      id: item.id,
      title,
      similarity: neighbours.similarities[n]!,
      cells: fingerprints.subarray(n * cells, (n + 1) * cells),
      fields: Object.entries(item.fields)
        .filter(([name, value]) => name !== titleField && value !== null && value !== '')
        .filter(([name]) => !item.passage || !PASSAGE_FIELDS.includes(name))
        .map(([name, value]) => ({ name, value: formatValue(value) })),
      ...(item.passage && { text: item.text, passage: item.passage })
    });
  });
  return results;
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

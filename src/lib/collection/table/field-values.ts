import type { Row } from '#lib/base/ids.ts';
import type { FieldValue } from '../types.ts';

/** The distinct values of a field, as texts, and which row has which. */
export interface FieldValues {
  /** The most frequent first, equals in the order of their rows. */
  values: string[];
  /** How many of the rows have each. */
  counts: Uint32Array<ArrayBuffer>;
  /** By row: 1 + the index of its value; 0 where it has none, or one beyond `most`. */
  of: Uint32Array<ArrayBuffer>;
  /** Whether there are more distinct values than were asked for. */
  more: boolean;
}

/**
 * The `most` most frequent values of a field over some rows. A list counts as its values joined with
 * commas; empty texts and nothing count as none.
 */
export function fieldValues(
  rows: ArrayLike<Row>,
  valueAt: (row: Row) => FieldValue,
  size: Row,
  most: number
): FieldValues {
  const seen = new Map<string, { order: number; count: number }>();
  const orders = new Uint32Array(size);
  for (let n = 0; n < rows.length; n++) {
    const row = rows[n]!;
    const value = valueAt(row);
    if (value === null || value === '') continue;
    const text = typeof value === 'object' ? value.join(', ') : String(value);
    let entry = seen.get(text);
    if (!entry) seen.set(text, (entry = { order: seen.size + 1, count: 0 }));
    entry.count++;
    orders[row] = entry.order;
  }
  const ranked = [...seen].sort(([, a], [, b]) => b.count - a.count || a.order - b.order);
  const kept = ranked.slice(0, most);
  const places = new Uint32Array(seen.size + 1);
  kept.forEach(([, { order }], n) => (places[order] = n + 1));
  return {
    values: kept.map(([text]) => text),
    counts: Uint32Array.from(kept, ([, { count }]) => count),
    of: orders.map((order) => places[order]!),
    more: ranked.length > kept.length
  };
}

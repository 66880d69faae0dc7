import type { Row } from '#lib/base/ids.ts';
import { instantOf } from '../filter/match.ts';
import type { FieldType, FieldValue } from '../types.ts';

/** By which field rows are ordered. */
export interface Sorting {
  field: string;
  descending: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/**
 * Rows in the order of a field: numbers by size, dates by time, texts as a dictionary has them (with the
 * numbers in them by size), lists by their first element. What is empty, or does not compare, comes last
 * either way; equals stay in the order of their rows.
 */
export function sortRows(
  rows: Uint32Array,
  valueAt: (row: Row) => FieldValue,
  type: FieldType,
  descending: boolean
): Uint32Array<ArrayBuffer> {
  const ranks = ranksOf(Array.from(rows, (row) => sortable(valueAt(row), type)));
  const order = Uint32Array.from(rows.keys());
  const sign = descending ? -1 : 1;
  order.sort((a, b) => {
    const [x, y] = [ranks[a]!, ranks[b]!];
    if (x === y) return a - b;
    // Rank 0 is what has none.
    if (x === 0) return 1;
    if (y === 0) return -1;
    return sign * (x - y);
  });
  return order.map((place) => rows[place]!);
}

/** What a value is ordered by; null when it has no place in the order. */
function sortable(value: FieldValue, type: FieldType): string | number | null {
  const first = Array.isArray(value) ? (value[0] ?? null) : value;
  if (first === null || first === '') return null;
  if (typeof first === 'boolean') return Number(first);
  if (type === 'date' && typeof first === 'string') {
    const instant = instantOf(first);
    return Number.isNaN(instant) ? null : instant;
  }
  return first;
}

/** Ranks from 1, equal for equals; 0 for null. Each distinct text is compared with others once. */
function ranksOf(values: (string | number | null)[]): Uint32Array {
  const distinct = [...new Set(values)].filter((value) => value !== null);
  distinct.sort((a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    if (typeof a === 'string' && typeof b === 'string') return collator.compare(a, b);
    // Numbers before texts, where a field has both.
    return typeof a === 'number' ? -1 : 1;
  });
  const rankOf = new Map<string | number | null, number>([[null, 0]]);
  let rank = 0;
  distinct.forEach((value, n) => {
    const last = distinct[n - 1];
    const same =
      typeof value === 'string' && typeof last === 'string' && collator.compare(value, last) === 0;
    if (!same) rank++;
    rankOf.set(value, rank);
  });
  return Uint32Array.from(values, (value) => rankOf.get(value)!);
}

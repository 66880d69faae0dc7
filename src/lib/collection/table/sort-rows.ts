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
 * By row below `size`: the rank of its value, from 1, equal for equals; 0 where there is none, or none that
 * compares. Numbers rank by size, dates by time, texts as a dictionary has them (with the numbers in them by
 * size), lists by their first element.
 */
export function rankRows(
  size: Row,
  valueAt: (row: Row) => FieldValue,
  type: FieldType
): Uint32Array<ArrayBuffer> {
  const values: (string | number | null)[] = [];
  for (let row = 0; row < size; row++) values.push(sortable(valueAt(row), type));
  return ranksOf(values);
}

/** Rows by their ranks; those of rank 0 come last either way, and equals stay in the order given. */
export function sortRows(
  rows: Uint32Array,
  ranks: Uint32Array,
  descending: boolean
): Uint32Array<ArrayBuffer> {
  const most = ranks.reduce((a, b) => Math.max(a, b), 0);
  const slotOf = (row: Row) => {
    const rank = ranks[row]!;
    if (rank === 0) return most;
    return descending ? most - rank : rank - 1;
  };
  // Counted into their places: ranks are no more than rows.
  const starts = new Uint32Array(most + 2);
  for (const row of rows) starts[slotOf(row) + 1]!++;
  for (let slot = 0; slot <= most; slot++) starts[slot + 1]! += starts[slot]!;
  const sorted = new Uint32Array(rows.length);
  for (const row of rows) sorted[starts[slotOf(row)]!++] = row;
  return sorted;
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
function ranksOf(values: (string | number | null)[]): Uint32Array<ArrayBuffer> {
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

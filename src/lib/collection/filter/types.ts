import type { FieldValue } from '../types.ts';

/** How two values are compared. */
export type Comparison = '$eq' | '$ne' | '$gt' | '$gte' | '$lt' | '$lte';
/** Whether a value is among some. */
export type Membership = '$in' | '$nin';
/** What a text, or a list, has in it. */
export type Containment = '$contains' | '$not_contains' | '$regex';
export type Operator = Comparison | Membership | Containment;

/** What a value is compared with. */
export type Operand = string | number | boolean;

/** One condition of a filter. */
export type Condition = {
  /** The field's name; null for the item's text, as it was embedded. */
  field: string | null;
} & (
  | { operator: Comparison; value: Operand }
  | { operator: Membership; value: Operand[] }
  | { operator: Containment; value: string }
);

/** Conditions of which all, or at least one, must hold. */
export interface Group {
  operator: '$and' | '$or';
  /** At least one. */
  parts: Filter[];
}

/**
 * Which items may be found, in Chroma's language (`where` and `where_document` in one). What a condition
 * means:
 *
 * - `$eq`, `$in`: the value is equal, of the same type; a list has such an element. A day, such as
 *   `2026-01-31`, also means dates with a time on that day (UTC).
 * - `$ne`, `$nin`: the opposite; so an item that lacks the field is among them, as in Chroma.
 * - `$gt`, `$gte`, `$lt`, `$lte`: numbers by size; texts only where both are ISO 8601 dates, by time (UTC
 *   where they name no zone). A day, month or year without a time stands for all of it: more than it is
 *   after its end. Anything else does not compare, and nothing is found by it.
 * - `$contains`: the text has this piece, upper and lower case told apart as in Chroma; a list has this
 *   element. `$not_contains`: the opposite.
 * - `$regex`: the regular expression (see `toRegex`) matches somewhere in the text, or in an element of
 *   the list.
 *
 * An empty text or list is a value; nothing (null) is a field the item lacks.
 */
export type Filter = Condition | Group;

/** What conditions are decided on. */
export interface FilterSource {
  value(field: string, row: number): FieldValue;
  /** The text an item was embedded as. */
  text(row: number): string;
}

/** Whether a filter is a group of others. */
export function isGroup(filter: Filter): filter is Group {
  return filter.operator === '$and' || filter.operator === '$or';
}

/** The conditions of a filter, in their order. */
export function conditionsOf(filter: Filter | null): Condition[] {
  if (!filter) return [];
  return isGroup(filter) ? filter.parts.flatMap(conditionsOf) : [filter];
}

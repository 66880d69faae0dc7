import type { FieldValue } from '../types.ts';
import { isGroup, type Condition, type Filter, type FilterSource, type Operand } from './types.ts';

/** Whether the item at a row is meant. */
export type Matcher = (row: number) => boolean;

/**
 * A filter as a function of rows; see `Filter` for what conditions mean. `regexes` decides the conditions
 * with a regular expression, which are found out elsewhere, under a deadline. Without a filter every row
 * matches.
 */
export function matcherOf(
  filter: Filter | null,
  source: FilterSource,
  regexes: (condition: Condition) => Matcher
): Matcher {
  if (!filter) return () => true;
  if (isGroup(filter)) {
    const parts = filter.parts.map((part) => matcherOf(part, source, regexes));
    return filter.operator === '$and'
      ? (row) => parts.every((part) => part(row))
      : (row) => parts.some((part) => part(row));
  }
  return conditionMatcher(filter, source, regexes);
}

/** One condition as a function of rows. */
export function conditionMatcher(
  condition: Condition,
  source: FilterSource,
  regexes: (condition: Condition) => Matcher
): Matcher {
  if (condition.operator === '$regex') return regexes(condition);
  const { field } = condition;
  const test = valueTest(condition);
  return field === null ? (row) => test(source.text(row)) : (row) => test(source.value(field, row));
}

/** The texts of a value that a regular expression is tried on. */
export function textsOf(value: FieldValue): string[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'string' ? [value] : [];
}

function valueTest(condition: Condition): (value: FieldValue) => boolean {
  switch (condition.operator) {
    case '$eq':
      return isOneOf([condition.value]);
    case '$ne':
      return not(isOneOf([condition.value]));
    case '$in':
      return isOneOf(condition.value);
    case '$nin':
      return not(isOneOf(condition.value));
    case '$contains':
      return contains(condition.value);
    case '$not_contains':
      return not(contains(condition.value));
    case '$gt':
      return compares(condition.value, (order) => order > 0);
    case '$gte':
      return compares(condition.value, (order) => order >= 0);
    case '$lt':
      return compares(condition.value, (order) => order < 0);
    case '$lte':
      return compares(condition.value, (order) => order <= 0);
    case '$regex':
      throw new Error('A regular expression is decided elsewhere.');
  }
}

function not(test: (value: FieldValue) => boolean): (value: FieldValue) => boolean {
  return (value) => !test(value);
}

function isOneOf(wanted: Operand[]): (value: FieldValue) => boolean {
  const set = new Set<FieldValue>(wanted);
  return (value) => (Array.isArray(value) ? value.some((one) => set.has(one)) : set.has(value));
}

function contains(piece: string): (value: FieldValue) => boolean {
  return (value) => {
    if (Array.isArray(value)) return value.includes(piece);
    return typeof value === 'string' && value.includes(piece);
  };
}

function compares(
  wanted: Operand,
  holds: (order: number) => boolean
): (value: FieldValue) => boolean {
  const type = typeof wanted;
  const limit = sizeOf(wanted);
  return (value) => typeof value === type && holds(sizeOf(value as Operand) - limit);
}

/** A number to compare by; NaN, which compares with nothing, where there is none. */
function sizeOf(value: Operand): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? instantOf(value) : NaN;
}

/** ISO 8601 dates, with or without a time; other texts that `Date` takes for dates are none. */
const ISO_DATE =
  /^[+-]?\d{4,6}(-\d\d(-\d\d)?)?([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/;

/** A date's time in milliseconds since 1970; NaN for a text that is no date. */
export function instantOf(text: string): number {
  return ISO_DATE.test(text) ? Date.parse(text) : NaN;
}

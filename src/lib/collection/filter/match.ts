import type { FieldValue } from '../types.ts';
import {
  conditionsOf,
  isGroup,
  type Condition,
  type Filter,
  type FilterSource,
  type Operand
} from './types.ts';

/** Whether the item at a row is meant. */
export type Matcher = (row: number) => boolean;

/**
 * Decides a filter row by row, counting on the way how many rows match each of its conditions. `regexes`
 * decides the conditions with a regular expression, which are found out elsewhere, under a deadline. See
 * `Filter` for what conditions mean; without a filter every row matches.
 */
export class RowFilter {
  /** Rows so far that match each condition on its own, in the order of `conditionsOf`. */
  readonly counts: number[];
  readonly #tests: Matcher[];
  readonly #joined: Joint;
  /** Whether the row matches each condition. */
  readonly #holds: boolean[];

  constructor(
    filter: Filter | null,
    source: FilterSource,
    regexes: (condition: Condition) => Matcher
  ) {
    const latest = withLatestText(source);
    this.#tests = conditionsOf(filter).map((one) => conditionMatcher(one, latest, regexes));
    this.#holds = this.#tests.map(() => false);
    this.counts = this.#tests.map(() => 0);
    this.#joined = filter ? jointOf(filter, { next: 0 }) : () => true;
  }

  /** Whether the filter means the row; it is counted. */
  take(row: number): boolean {
    const holds = this.#holds;
    for (let n = 0; n < holds.length; n++) {
      if ((holds[n] = this.#tests[n]!(row))) this.counts[n]!++;
    }
    return this.#joined(holds);
  }
}

/** Whether a filter holds, by which of its conditions do. */
type Joint = (holds: readonly boolean[]) => boolean;

/** `places` counts the conditions, in the order of `conditionsOf`. */
function jointOf(filter: Filter, places: { next: number }): Joint {
  if (!isGroup(filter)) {
    const place = places.next++;
    return (holds) => holds[place]!;
  }
  const parts = filter.parts.map((part) => jointOf(part, places));
  return filter.operator === '$and'
    ? (holds) => parts.every((part) => part(holds))
    : (holds) => parts.some((part) => part(holds));
}

/** Several conditions ask for the same row's text, which has to be put together each time. */
function withLatestText(source: FilterSource): FilterSource {
  let latest: number | undefined;
  let text = '';
  return {
    value: (field, row) => source.value(field, row),
    text: (row) => {
      if (row !== latest) [text, latest] = [source.text(row), row];
      return text;
    }
  };
}

function conditionMatcher(
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
      return compares(condition.value, (size, { last }) => size > last);
    case '$gte':
      return compares(condition.value, (size, { first }) => size >= first);
    case '$lt':
      return compares(condition.value, (size, { first }) => size < first);
    case '$lte':
      return compares(condition.value, (size, { last }) => size <= last);
    case '$regex':
      throw new Error('A regular expression is decided elsewhere.');
  }
}

function not(test: (value: FieldValue) => boolean): (value: FieldValue) => boolean {
  return (value) => !test(value);
}

function isOneOf(wanted: Operand[]): (value: FieldValue) => boolean {
  const set = new Set<FieldValue>(wanted);
  const days = wanted.filter((one) => typeof one === 'string' && DAY.test(one)).map(spanOf);
  const onDay = (value: FieldValue) =>
    typeof value === 'string' && days.some((day) => isWithin(instantOf(value), day));
  const isWanted = (value: FieldValue) => set.has(value) || (days.length > 0 && onDay(value));
  return (value) => (Array.isArray(value) ? value.some(isWanted) : isWanted(value));
}

function contains(piece: string): (value: FieldValue) => boolean {
  return (value) => {
    if (Array.isArray(value)) return value.includes(piece);
    return typeof value === 'string' && value.includes(piece);
  };
}

function compares(
  wanted: Operand,
  holds: (size: number, span: Span) => boolean
): (value: FieldValue) => boolean {
  const type = typeof wanted;
  const span = spanOf(wanted);
  return (value) => typeof value === type && holds(sizeOf(value as Operand), span);
}

/** What an operand stands for: its size or, of a day, a month or a year, from its first to its last instant. */
interface Span {
  first: number;
  last: number;
}

function spanOf(operand: Operand): Span {
  const first = sizeOf(operand);
  const [, year, month, day] = (typeof operand === 'string' && PLAIN_DATE.exec(operand)) || [];
  if (year === undefined || Number.isNaN(first)) return { first, last: first };
  const next = new Date(first);
  if (day !== undefined) next.setUTCDate(next.getUTCDate() + 1);
  else if (month !== undefined) next.setUTCMonth(next.getUTCMonth() + 1);
  else next.setUTCFullYear(next.getUTCFullYear() + 1);
  return { first, last: next.getTime() - 1 };
}

function isWithin(size: number, { first, last }: Span): boolean {
  return size >= first && size <= last;
}

/** A number to compare by; NaN, which compares with nothing, where there is none. */
function sizeOf(value: Operand): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? instantOf(value) : NaN;
}

/** A year, a month or a day, without a time. */
const PLAIN_DATE = /^(\d{4}|[+-]\d{6})(-\d\d)?(-\d\d)?$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
/** ISO 8601 dates, with or without a time; other texts that `Date` takes for dates are none. */
const ISO_DATE =
  /^((?:\d{4}|[+-]\d{6})(?:-\d\d(?:-\d\d)?)?)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * A date's time in milliseconds since 1970; NaN for a text that is no date. A time without a zone is
 * taken for UTC, as a date without a time is: what a filter means is the same wherever it is read.
 */
export function instantOf(text: string): number {
  const [, date, time, zone = 'Z'] = ISO_DATE.exec(text) ?? [];
  if (date === undefined) return NaN;
  if (time === undefined) return Date.parse(date);
  if (date.length < 10) return NaN;
  return Date.parse(`${date}T${time}${zone.replace(/(\d\d)(\d\d)$/, '$1:$2')}`);
}

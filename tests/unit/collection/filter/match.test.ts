import { describe, expect, it } from 'vitest';
import { instantOf, RowFilter, textsOf } from '#lib/collection/filter/match.ts';
import { parseFilter } from '#lib/collection/filter/parse.ts';
import { toRegex } from '#lib/collection/filter/regex.ts';
import { printFilter } from '#lib/collection/filter/print.ts';
import {
  conditionsOf,
  type Condition,
  type Filter,
  type Operand
} from '#lib/collection/filter/types.ts';
import type { FieldValue, Fields } from '#lib/collection/types.ts';
import { seededRandom } from '../../../support/random.ts';

interface TestItem {
  fields: Fields;
  text: string;
}

/** Rows of items, with regular expressions tried at once. */
function sourceOf(items: TestItem[]) {
  const source = {
    value: (field: string, row: number) => items[row]!.fields[field] ?? null,
    text: (row: number) => items[row]!.text
  };
  const regexes =
    ({ field, value }: Condition) =>
    (row: number) => {
      const texts = field === null ? [source.text(row)] : textsOf(source.value(field, row));
      return texts.some((text) => toRegex(value as string).test(text));
    };
  return { source, regexes };
}

function matches(json: string, fields: Fields, text = ''): boolean {
  const { source, regexes } = sourceOf([{ fields, text }]);
  return new RowFilter(parseFilter(json), source, regexes).take(0);
}

describe('a condition', () => {
  it.each<[string, FieldValue, boolean]>([
    ['{"a": 5}', 5, true],
    ['{"a": 5}', '5', false],
    ['{"a": "x"}', ['y', 'x'], true],
    ['{"a": ""}', null, false],
    ['{"a": {"$ne": 5}}', null, true],
    ['{"a": {"$ne": "x"}}', ['y', 'x'], false],
    ['{"a": {"$nin": ["x"]}}', null, true],
    ['{"a": {"$in": [1, true]}}', true, true],
    ['{"a": {"$gt": 5}}', 5, false],
    ['{"a": {"$gte": 5}}', 5, true],
    ['{"a": {"$lt": 5}}', '4', false],
    ['{"a": {"$lt": 5}}', null, false],
    ['{"a": {"$lt": "2026-03-01"}}', '2026-02-28T23:00:00Z', true],
    ['{"a": {"$gte": "2026-03-01T00:00+01:00"}}', '2026-02-28T23:00:00Z', true],
    ['{"a": {"$gte": "2026-03-01"}}', '2026-03-01T00:30', true],
    ['{"a": {"$lt": "2026-03-02"}}', '2026-03-01 23:30', true],
    ['{"a": {"$gt": "2026"}}', 'tomorrow', false],
    ['{"a": {"$gt": "2026"}}', '12345', false],
    ['{"a": {"$gt": "apple"}}', 'banana', false],
    ['{"a": {"$contains": "ee"}}', 'steel', true],
    ['{"a": {"$contains": "EE"}}', 'steel', false],
    ['{"a": {"$contains": "ee"}}', ['steel'], false],
    ['{"a": {"$contains": "steel"}}', ['steel'], true],
    ['{"a": {"$not_contains": "x"}}', null, true],
    ['{"a": {"$regex": "^st.+l$"}}', ['wood', 'steel'], true],
    ['{"a": {"$regex": "5"}}', 5, false],
    ['{"a": "2024-03-03"}', '2024-03-03T23:30:00Z', true],
    ['{"a": "2024-03-03"}', '2024-03-03T23:30:00-02:00', false],
    ['{"a": {"$ne": "2024-03-03"}}', '2024-03-03 08:00', false],
    ['{"a": {"$lte": "2024-03-03"}}', '2024-03-03T23:59:59.999Z', true],
    ['{"a": {"$lte": "2024-03-03"}}', '2024-03-04', false],
    ['{"a": {"$gt": "2024-03-03"}}', '2024-03-03T10:00:00Z', false],
    ['{"a": {"$gt": "2024-03"}}', '2024-03-31T10:00:00Z', false],
    ['{"a": {"$gt": "2024"}}', '2025-01-01', true],
    ['{"a": {"$gte": "2024-03-03"}}', '2024-03-03', true],
    ['{"a": {"$lt": "2024-03-03"}}', '2024-03-03', false]
  ])('%s decides on %j: %s', (json, value, expected) => {
    expect(matches(json, { a: value })).toBe(expected);
  });

  it('about the text looks at the text', () => {
    expect(matches('{"$contains": "bee"}', { a: 'honey' }, 'a bee')).toBe(true);
    expect(matches('{"$regex": "^a\\\\sbee$"}', {}, 'a bee')).toBe(true);
    expect(matches('{"$not_contains": "bee"}', { a: 'bee' }, 'honey')).toBe(true);
  });
});

it('a time without a zone is UTC, wherever it is read', () => {
  const utc = Date.UTC(2026, 2, 1, 0, 30);
  const here = process.env.TZ;
  process.env.TZ = 'America/New_York';
  try {
    expect(instantOf('2026-03-01T00:30')).toBe(utc);
    expect(instantOf('2026-03-01 02:30+0200')).toBe(utc);
    expect(instantOf('2026T00:30')).toBeNaN();
  } finally {
    if (here === undefined) delete process.env.TZ;
    else process.env.TZ = here;
  }
});

describe('a regular expression', () => {
  it.each([
    ['(?i)STEEL', 'steel pan', true],
    ['STEEL', 'steel pan', false],
    ['(?is)a.B', 'A\nb', true],
    ['\\d\\-\\d', '5-3', true],
    ['^\\p{Lu}$', 'Ä', true],
    ['^.$', '😀', true]
  ])('%s on %j: %s', (pattern, text, expected) => {
    expect(toRegex(pattern).test(text)).toBe(expected);
  });

  it('is not read without what only Unicode gives it', () => {
    expect(() => toRegex('\\p{Lu}\\-')).toThrow(SyntaxError);
  });
});

const VALUES: FieldValue[] = [
  null,
  '',
  'red',
  'Red wine',
  '5',
  '2026-01-31',
  '2026-01-31T12:00:00Z',
  0,
  5,
  -2.5,
  true,
  false,
  [],
  ['red', '5'],
  ['blue']
];
const OPERANDS: Operand[] = ['', 'red', '5', '2026-01-31', '2026', 0, 5, -2.5, true, false];
const PIECES = ['', 'red', 'e', '5', '^r', '[0-9]+$', 'blue|wine'];

/** What a filter means, written down once more as plainly as can be. */
function naive(filter: Filter, { fields, text }: TestItem): boolean {
  if (filter.operator === '$and')
    return filter.parts.every((part) => naive(part, { fields, text }));
  if (filter.operator === '$or') return filter.parts.some((part) => naive(part, { fields, text }));
  const { field, operator } = filter as Condition;
  const operand = (filter as Condition).value as never;
  const value = field === null ? text : (fields[field] ?? null);
  const elements = Array.isArray(value) ? value : [value];
  const time = (of: unknown) =>
    typeof of === 'string' && /^\d{4}(-\d\d-\d\d(T[\d:]+Z)?)?$/.test(of) ? Date.parse(of) : NaN;
  const size = (of: unknown) => (typeof of === 'number' ? of : time(of));
  /** The last moment of what an operand stands for. */
  const end = (of: unknown) => {
    const text = String(of);
    if (typeof of === 'string' && /^\d{4}$/.test(text))
      return Date.parse(`${text}-12-31T23:59:59.999Z`);
    if (typeof of === 'string' && /^\d{4}-\d\d-\d\d$/.test(text))
      return Date.parse(`${text}T23:59:59.999Z`);
    return size(of);
  };
  const isEqual = (one: unknown, wanted: unknown) =>
    one === wanted ||
    (/^\d{4}-\d\d-\d\d$/.test(String(wanted)) &&
      typeof wanted === 'string' &&
      typeof one === 'string' &&
      one.includes('T') &&
      one.startsWith(wanted));
  const comparable = !Array.isArray(value) && typeof value === typeof operand;
  switch (operator) {
    case '$eq':
      return elements.some((one) => isEqual(one, operand));
    case '$ne':
      return !elements.some((one) => isEqual(one, operand));
    case '$in':
      return elements.some((one) => (operand as unknown[]).some((wanted) => isEqual(one, wanted)));
    case '$nin':
      return !elements.some((one) => (operand as unknown[]).some((wanted) => isEqual(one, wanted)));
    case '$gt':
      return comparable && size(value) > end(operand);
    case '$gte':
      return comparable && size(value) >= size(operand);
    case '$lt':
      return comparable && size(value) < size(operand);
    case '$lte':
      return comparable && size(value) <= end(operand);
    case '$contains':
    case '$not_contains': {
      const has = Array.isArray(value)
        ? value.some((one) => one === operand)
        : typeof value === 'string' && value.split(operand).length > (operand === '' ? -1 : 1);
      return has === (operator === '$contains');
    }
    case '$regex':
      return elements.some(
        (one) => typeof one === 'string' && one.search(new RegExp(operand, 'u')) >= 0
      );
    default:
      throw new Error(operator);
  }
}

describe('filters', () => {
  it('agree with a naive evaluator on 1,000 random filters and 60 items', () => {
    const random = seededRandom(11);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
    const names = ['a', 'b', '__proto__', 'constructor'];
    const items: TestItem[] = Array.from({ length: 60 }, () => {
      const fields = names
        .filter(() => random() < 0.8)
        .map((name) => [name, pick(VALUES)] as const);
      return { fields: Object.fromEntries(fields), text: pick(['red wine', '', 'blue 5', 'Red']) };
    });
    const source = {
      value: (field: string, row: number) =>
        Object.hasOwn(items[row]!.fields, field) ? items[row]!.fields[field]! : null,
      text: (row: number) => items[row]!.text
    };
    const regexes =
      ({ field, value }: Condition) =>
      (row: number) =>
        textsOf(field === null ? source.text(row) : source.value(field, row)).some((text) =>
          new RegExp(value as string, 'u').test(text)
        );

    const makeCondition = (): Filter => {
      const operator = pick([
        '$eq',
        '$ne',
        '$gt',
        '$gte',
        '$lt',
        '$lte',
        '$in',
        '$nin',
        '$c'
      ] as const);
      if (operator === '$c') {
        const kind = pick(['$contains', '$not_contains', '$regex'] as const);
        return { field: pick([null, ...names]), operator: kind, value: pick(PIECES) };
      }
      const field = pick(names);
      if (operator === '$in' || operator === '$nin') {
        const list = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(OPERANDS));
        return { field, operator, value: list };
      }
      const order = operator !== '$eq' && operator !== '$ne';
      const value = pick(OPERANDS.filter((one) => !order || typeof one !== 'boolean'));
      return { field, operator, value };
    };
    const makeFilter = (depth: number): Filter =>
      depth === 0 || random() < 0.4
        ? makeCondition()
        : {
            operator: pick(['$and', '$or'] as const),
            parts: Array.from({ length: 2 + Math.floor(random() * 2) }, () => makeFilter(depth - 1))
          };

    let matched = 0;
    for (let n = 0; n < 1000; n++) {
      const filter = makeFilter(3);
      const read = parseFilter(printFilter(filter));
      expect(read).toEqual(filter);
      const rowFilter = new RowFilter(read, source, regexes);
      const counts = conditionsOf(filter).map(() => 0);
      items.forEach((item, row) => {
        const own = Object.assign(Object.create(null) as Fields, item.fields);
        const plain = { ...item, fields: own };
        const expected = naive(filter, plain);
        conditionsOf(filter).forEach((one, n) => (counts[n]! += Number(naive(one, plain))));
        const taken = rowFilter.take(row);
        if (expected) matched++;
        if (taken !== expected) {
          expect({ filter, item, matches: taken }).toEqual({
            filter,
            item,
            matches: expected
          });
        }
      });
      expect(rowFilter.counts).toEqual(counts);
    }
    // Neither all nor none: the items tell filters apart.
    expect(matched).toBeGreaterThan(6_000);
    expect(matched).toBeLessThan(54_000);
  });
});

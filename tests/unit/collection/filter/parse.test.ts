import { describe, expect, it } from 'vitest';
import { parseFilter } from '#lib/collection/filter/parse.ts';
import { printFilter } from '#lib/collection/filter/print.ts';
import type { Filter } from '#lib/collection/filter/types.ts';

function faultOf(json: string) {
  try {
    parseFilter(json);
  } catch (error) {
    return error as Error & { code: string; detail: { position: number; length: number } };
  }
  throw new Error(`${json} was taken.`);
}

describe('a filter in JSON', () => {
  it.each<[string, Filter | null]>([
    ['', null],
    [' {} ', null],
    ['{"a": "x"}', { field: 'a', operator: '$eq', value: 'x' }],
    ['{"a": {"$lt": -1.5}}', { field: 'a', operator: '$lt', value: -1.5 }],
    ['{"a": {"$in": [1, "1", true]}}', { field: 'a', operator: '$in', value: [1, '1', true] }],
    ['{"$contains": "steel"}', { field: null, operator: '$contains', value: 'steel' }],
    ['{"#document": {"$regex": "^a"}}', { field: null, operator: '$regex', value: '^a' }],
    ['{"$$odd": 1}', { field: '$odd', operator: '$eq', value: 1 }],
    ['{"$or": [{"a": 1}]}', { field: 'a', operator: '$eq', value: 1 }],
    [
      '{"a": {"$gt": 1, "$lt": 5}, "b": true}',
      {
        operator: '$and',
        parts: [
          { field: 'a', operator: '$gt', value: 1 },
          { field: 'a', operator: '$lt', value: 5 },
          { field: 'b', operator: '$eq', value: true }
        ]
      }
    ],
    [
      '{"$or": [{"a": 1, "b": 2}, {"$not_contains": "x"}]}',
      {
        operator: '$or',
        parts: [
          {
            operator: '$and',
            parts: [
              { field: 'a', operator: '$eq', value: 1 },
              { field: 'b', operator: '$eq', value: 2 }
            ]
          },
          { field: null, operator: '$not_contains', value: 'x' }
        ]
      }
    ]
  ])('%s is read, and printed so that it reads the same', (json, filter) => {
    expect(parseFilter(json)).toEqual(filter);
    expect(parseFilter(printFilter(filter))).toEqual(filter);
    expect(parseFilter(printFilter(filter, 0))).toEqual(filter);
  });

  it('may name a field like a part of JavaScript’s objects', () => {
    const filter = parseFilter('{"__proto__": {"$gt": 1}}');
    expect(filter).toEqual({ field: '__proto__', operator: '$gt', value: 1 });
    expect(parseFilter(printFilter(filter))).toEqual(filter);
  });

  it.each([
    ['{"a": }', '}', /^Line 1, column 7: Expected/],
    ['{\n  "a": {"$lx": 5}}', '"$lx"', /^Line 2, column 9: “\$lx” is no operator\. There are \$eq/],
    ['{"$xor": []}', '"$xor"', /“\$xor” is not known here/],
    ['{"$eq": 1}', '"$eq"', /is not known here/],
    ['{"#document": {"$eq": "x"}}', '"$eq"', /does not go with the text/],
    ['{"a": {"$in": []}}', '[]', /list that is not empty/],
    ['{"$and": []}', '[]', /list that is not empty/],
    ['{"$and": [{}]}', '{}', /says nothing/],
    ['{"a": {}}', '{}', /says nothing/],
    ['{"a": null}', 'null', /a text, a number, true or false/],
    ['{"a": {"$lt": true}}', 'true', /compares numbers and dates/],
    ['{"a": 1e999}', '1e999', /a number/],
    ['{"$contains": 5}', '5', /takes a text/],
    ['{"$regex": "(a"}', '"(a"', /no regular expression: .*/],
    ['{"a": 1, "b": 2, "a": 3}', '"a"', /“a” stands twice/],
    ['[1]', '[1]', /A filter is an object/],
    ['"x"', '"x"', /A filter is an object/]
  ])('%s is refused, with the place', (json, wrong, message) => {
    const { code, message: told, detail } = faultOf(json);
    expect(code).toBe('filter');
    expect(told).toMatch(message);
    const marked = json.slice(detail.position, detail.position + detail.length);
    expect(marked === wrong || wrong.startsWith(marked)).toBe(true);
  });

  it('may have a long text, with brackets and quotes in it', () => {
    const value = `{"[${'x'.repeat(10_000_000)}`;
    expect(parseFilter(JSON.stringify({ a: value }))).toMatchObject({ value });
  });

  it('is refused when it is nested without end', () => {
    const deep = '{"$and":['.repeat(50_000) + '{"a":1}' + ']}'.repeat(50_000);
    expect(faultOf(deep).message).toMatch(/nested too deeply/);
  });
});

import { describe, expect, test } from 'vitest';
import { findJsonFault } from '#lib/collection/import/json-fault.ts';
import { seededRandom } from '../../../support/random.ts';
import { issuesOf, readText } from './helpers.ts';

describe('JSON', () => {
  test('reads an array of records and keeps their types', async () => {
    const { records, columns } = await readText(
      't.json',
      '[{"name":"Pen","price":1.5,"sold":true,"tags":["a","b"]},{"name":"","price":2}]'
    );
    expect(records).toEqual([
      { name: 'Pen', price: 1.5, sold: true, tags: ['a', 'b'] },
      { name: null, price: 2 }
    ]);
    expect(columns.map(({ type }) => type)).toEqual(['text', 'number', 'boolean', 'list']);
  });

  test('reads an array of plain values as texts', async () => {
    const { records } = await readText('t.json', '["one", "two", 3]');
    expect(records).toEqual([{ text: 'one' }, { text: 'two' }, { text: '3' }]);
  });

  test('finds the largest array of objects, however deep, and names what it left', async () => {
    const set = await readText(
      't.json',
      JSON.stringify({
        ids: [1, 2, 3, 4, 5],
        page: {
          authors: [{ n: 'x' }],
          hits: [{ t: 'a', tags: [{ n: 1 }, { n: 2 }, { n: 3 }] }, { t: 'b' }]
        }
      })
    );
    expect(set.records.map(({ t }) => t)).toEqual(['a', 'b']);
    expect(issuesOf(set)).toEqual(['json-choice']);
    expect(set.issues[0]!.message).toMatch(/“page\.hits”.*“page\.authors”/);
  });

  test('flattens nested values to paths', async () => {
    const value = {
      author: { name: 'Ann', address: { city: 'Ulm' } },
      reviews: [{ text: 'good', stars: 5 }, { text: 'bad' }, 'plain'],
      grid: [
        [1, 2],
        [3, null]
      ],
      none: [],
      empty: {}
    };
    const { records } = await readText('t.json', JSON.stringify([value]));
    expect(records).toEqual([
      {
        'author.name': 'Ann',
        'author.address.city': 'Ulm',
        'reviews.text': ['good', 'bad'],
        'reviews.stars': ['5'],
        reviews: ['plain'],
        grid: ['1', '2', '3']
      }
    ]);
  });

  test('two paths that look the same keep both values', async () => {
    const { records } = await readText('t.json', '[{"a.b":"x","a":{"b":"y"}}]');
    expect(records).toEqual([{ 'a.b': 'x', 'a.b (2)': 'y' }]);
  });

  test('a prototype key does no harm', async () => {
    const { records } = await readText(
      't.json',
      '[{"__proto__":{"polluted":"x"},"constructor":"c","a":"y"},{"__proto__":"z","a":"w"}]'
    );
    expect(records[0]).toEqual({ '__proto__.polluted': 'x', constructor: 'c', a: 'y' });
    expect(records[1]).toEqual({ _proto_: 'z', a: 'w' });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(records[1])).toBe(Object.prototype);
  });

  test('keeps every digit of long ids', async () => {
    const text = '[{"id":1234567890123456789,"n":12},{"id":1234567890123456790,"n":-3}]';
    const { records } = await readText('t.json', text);
    expect(records.map(({ id }) => id)).toEqual(['1234567890123456789', '1234567890123456790']);
    expect(records.map(({ n }) => n)).toEqual([12, -3]);
  });

  test('endless nesting and endless columns are cut off and listed', async () => {
    const deep = '{"a":'.repeat(5000) + '1' + '}'.repeat(5000);
    const deepSet = await readText('t.json', `[{"x":"y","d":${deep}}]`);
    expect(deepSet.records).toEqual([{ x: 'y' }]);
    expect(issuesOf(deepSet)).toEqual(['too-deep']);

    const wide = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`key${i}`, 'v']));
    const wideSet = await readText('t.json', JSON.stringify([wide]));
    expect(wideSet.columns).toHaveLength(1000);
    expect(issuesOf(wideSet)).toEqual(['too-many-columns']);
  });

  test('entries that hold nothing are listed', async () => {
    const set = await readText('t.json', '[{"a":"x"},{},null,{"a":null}]');
    expect(set.records).toEqual([{ a: 'x' }]);
    expect(issuesOf(set)).toEqual(['blank-row', 'blank-row', 'blank-row']);
  });

  test.each(['{"a":1}', '"text"', '12', '{"a":{"b":[]}}'])(
    'refuses %s, which has no records',
    async (text) => {
      await expect(readText('t.json', text)).rejects.toMatchObject({ code: 'no-records' });
    }
  );

  test('tells line and column of a fault', async () => {
    await expect(readText('t.json', '[\n  {"a": 1},\n  {"a": oops}\n]')).rejects.toMatchObject({
      code: 'json',
      message: expect.stringContaining('line 3, column 9'),
      detail: { line: 3, column: 9 }
    });
  });
});

describe('JSON Lines', () => {
  const LINES = '{"a":"x"}\r\n\r\n{"a":"y", oops}\r\n"plain"\r\n{"a":"z"}';

  test.each(['t.jsonl', 't.ndjson', 't.json', 'Pasted text'])(
    '%s: bad lines are listed, the rest goes on',
    async (name) => {
      const set = await readText(name, LINES);
      expect(set.format).toBe('jsonl');
      expect(set.records).toEqual([{ a: 'x' }, { text: 'plain' }, { a: 'z' }]);
      expect(issuesOf(set)).toEqual(['bad-line@3']);
      expect(set.issues[0]!.message).toContain('column 11');
    }
  );

  test('a first line that is bad does not hide the others', async () => {
    const set = await readText('t.json', '{"a":\n{"a":"x"}\n{"a":"y"}\n');
    expect(set.records).toEqual([{ a: 'x' }, { a: 'y' }]);
    expect(issuesOf(set)).toEqual(['bad-line@1']);
  });

  test('an array in a .jsonl file is read as JSON', async () => {
    const set = await readText('t.jsonl', '[\n{"a":"x"},\n{"a":"y"}\n]');
    expect(set.format).toBe('json');
    expect(set.records).toHaveLength(2);
  });

  test('refuses a file without a good line', async () => {
    await expect(readText('t.jsonl', 'no\nnot this\n')).rejects.toMatchObject({ code: 'empty' });
  });
});

describe('the place of a fault', () => {
  test.each([
    ['[1, 2', 1, 6, true],
    ['[1, 2,]', 1, 7, false],
    ['{"a": 1,}', 1, 9, false],
    ['{a: 1}', 1, 2, false],
    ['{"a" 1}', 1, 6, false],
    ['[1]\n x', 2, 2, false],
    ['["abc\n"]', 1, 6, false],
    ['["a\\x"]', 1, 4, false],
    ['["abc', 1, 2, true],
    ['[tru', 1, 5, true],
    ['[NaN]', 1, 2, false],
    ['[01]', 1, 3, false],
    ['', 1, 1, true]
  ])('of %j is line %i, column %i', (text, line, column, isCut) => {
    expect(findJsonFault(text)).toMatchObject({ line, column, isCut });
  });

  test('is found exactly when JSON.parse finds one', () => {
    const random = seededRandom(5);
    const PARTS = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-0.5e3',
      'true',
      'null',
      ' ',
      '\n',
      '\\',
      '.'
    ];
    for (let n = 0; n < 20_000; n++) {
      const length = Math.floor(random() * 8);
      const text = Array.from({ length }, () => PARTS[Math.floor(random() * PARTS.length)]).join(
        ''
      );
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      expect([text, findJsonFault(text) === undefined]).toEqual([text, parses]);
    }
  });
});

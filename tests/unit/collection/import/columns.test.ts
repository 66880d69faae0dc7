import { describe, expect, test } from 'vitest';
import { inferColumns } from '#lib/collection/import/columns.ts';
import type { Fields, FieldValue } from '#lib/collection/types.ts';

/** Type and values of one column after it was inferred. */
function infer(...values: FieldValue[]) {
  const records = values.map((v) => ({ v }));
  const [column] = inferColumns(records);
  return { type: column!.type, values: records.map(({ v }) => v) };
}

describe('numbers', () => {
  test.each([
    [
      ['1', '-2', ' 3.5 ', ''],
      [1, -2, 3.5, null]
    ],
    [
      ['9.90', '10', '12.50'],
      [9.9, 10, 12.5]
    ],
    [
      ['4.0', '3.5', '4.25'],
      [4, 3.5, 4.25]
    ],
    [
      ['1.5e-7', '0.30000000000000004'],
      [1.5e-7, 0.30000000000000004]
    ],
    [
      [1, '2'],
      [1, 2]
    ]
  ])('%j are numbers', (texts, numbers) => {
    expect(infer(...texts)).toEqual({ type: 'number', values: numbers });
  });

  test.each([
    ['codes with leading zeros', ['01234', '12345']],
    ['ids of sixteen digits and more', ['1234567890123456', '1234567890123457']],
    ['versions', ['1.9', '1.10', '1.11']],
    ['thousands', ['1,234', '5,678']],
    ['signs and units', ['+4', '5 %']],
    ['codes that read as powers', ['1e5', '2e7']],
    ['numbers among words', ['1', 'n/a']],
    ['more digits than a number holds', ['0.12345678901234567890', '1.5']],
    ['words for no number', ['NaN', 'Infinity']],
    ['hexadecimal', ['0x10', '0x11']]
  ])('%s stay text, as they are', (_, texts) => {
    expect(infer(...texts)).toEqual({ type: 'text', values: texts });
  });
});

describe('truth values', () => {
  test('are true and false in any case', () => {
    expect(infer('true', 'FALSE', '', true)).toEqual({
      type: 'boolean',
      values: [true, false, null, true]
    });
  });

  test('yes and no stay text, 0 and 1 numbers', () => {
    expect(infer('yes', 'no').type).toBe('text');
    expect(infer('0', '1').type).toBe('number');
  });
});

describe('dates', () => {
  test.each([
    ['2024-03-09', '2024-03-09'],
    ['2024/3/9', '2024-03-09'],
    ['2024-03-09T14:30:05.5Z', '2024-03-09T14:30:05.5Z'],
    ['2024-03-09 14:30', '2024-03-09T14:30'],
    ['2024-03-09 14:30:00 +0100', '2024-03-09T14:30:00+0100'],
    ['March 9, 2024', '2024-03-09'],
    ['Mar 9 2024', '2024-03-09'],
    ['9th September 2024', '2024-09-09'],
    ['09-Sep-2024', '2024-09-09'],
    ['29 Feb 2024', '2024-02-29'],
    ['0099-12-31', '0099-12-31']
  ])('%s is %s', (text, iso) => {
    expect(infer(text)).toEqual({ type: 'date', values: [iso] });
  });

  test.each([
    '03/09/2024',
    '25.12.2024',
    '2024-02-30',
    '29 Feb 2023',
    '2024-13-01',
    '2024-03-09 25:00',
    'Ma 9, 2024',
    'May 2024',
    '2024-03/09'
  ])('%s stays text', (text) => {
    expect(infer(text)).toEqual({ type: 'text', values: [text] });
  });

  test('one other word makes the column text, and nothing is changed', () => {
    expect(infer('March 9, 2024', 'soon')).toEqual({
      type: 'text',
      values: ['March 9, 2024', 'soon']
    });
  });
});

describe('lists', () => {
  test('are kept, and lone values beside them become lists', () => {
    expect(infer(['a', 'b'], 'c', [], null)).toEqual({
      type: 'list',
      values: [['a', 'b'], ['c'], null, null]
    });
  });

  test('JSON arrays in cells are lists; comma-separated words are text', () => {
    expect(infer('["a","b"]', '[1]', '')).toEqual({
      type: 'list',
      values: [['a', 'b'], ['1'], null]
    });
    expect(infer('a, b', 'c').type).toBe('text');
    expect(infer('[not, json]', '["a"]').type).toBe('text');
  });
});

describe('columns', () => {
  test('mixed values become text', () => {
    expect(infer(1, 'x', true)).toEqual({ type: 'text', values: ['1', 'x', 'true'] });
  });

  test('blank texts become null, other texts keep their spaces', () => {
    expect(infer('', '  ', ' x ')).toEqual({ type: 'text', values: [null, null, ' x '] });
  });

  test('say how full and how varied they are', () => {
    const records = ['aa', 'aa', 'bbbb', '', 'c'.repeat(100), 'd'].map((v) => ({ v, empty: '' }));
    const [column, empty] = inferColumns(records);
    expect(column).toMatchObject({ filled: 5, distinct: 4, meanLength: (2 + 2 + 4 + 100 + 1) / 5 });
    expect(column!.examples).toEqual(['aa', 'bbbb', `${'c'.repeat(79)}…`]);
    expect(empty).toEqual({
      name: 'empty',
      type: 'text',
      filled: 0,
      distinct: 0,
      meanLength: 0,
      examples: []
    });
  });

  test('distinct values are counted up to a thousand', () => {
    const records = Array.from({ length: 3000 }, (_, v) => ({ v: `n${v}` }));
    expect(inferColumns(records)[0]!.distinct).toBe(1000);
  });

  test('a field that a record lacks is not added, whatever its name', () => {
    const records: Fields[] = [Object.fromEntries([['constructor', 'x']]), { a: 'y' }];
    expect(inferColumns(records).map(({ name }) => name)).toEqual(['constructor', 'a']);
    expect(records[1]).toEqual({ a: 'y' });
  });
});

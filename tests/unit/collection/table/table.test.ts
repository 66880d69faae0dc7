import { describe, expect, it } from 'vitest';
import { fieldValues } from '#lib/collection/table/field-values.ts';
import { hasWords } from '#lib/collection/table/find-words.ts';
import { ItemTable } from '#lib/collection/table/item-table.ts';
import { rankRows, sortRows } from '#lib/collection/table/sort-rows.ts';
import type { FieldType, FieldValue } from '#lib/collection/types.ts';
import { seededRandom } from '../../../support/random.ts';

const COLLECTION = {
  fields: [{ name: 'title', type: 'text' as const }],
  template: '{title}',
  titleField: 'title',
  generation: 0,
  nextRow: 5,
  deadRevision: 0
};

const staged = (row: number, id: string, replaces?: number) => ({
  row,
  id,
  fields: { title: `Title of ${id}` },
  textHash: '',
  tokens: 1,
  ...(replaces !== undefined && { replaces })
});

const bits = (...rows: number[]) => {
  const bitmap = new Uint8Array(2);
  for (const row of rows) bitmap[row >> 3]! |= 1 << (row & 7);
  return bitmap;
};

describe('a table', () => {
  it('has one row for each item, where it stood first, with its newest text', () => {
    const table = new ItemTable(COLLECTION);
    table.add([staged(0, 'a'), staged(1, 'b'), staged(2, 'c')]);
    table.add([staged(3, 'a', 0), staged(4, 'b')]);
    table.update(COLLECTION, { embedded: bits(0, 1, 2, 4), dead: bits(1) });
    expect([...table.liveRows()]).toEqual([0, 2, 4]);
    expect([...table.newestRows()]).toEqual([3, 4, 2]);
    expect([table.rowOf('a'), table.rowOf('b'), table.rowOf('x')]).toEqual([3, 4, undefined]);
    expect(['a', 'b', 'x'].map((id) => table.liveRowOf(id))).toEqual([0, 4, undefined]);
    expect(table.liveBits()).toEqual(bits(0, 2, 4));
    expect([table.isLive(0), table.isLive(3), table.has(3), table.has(1)]).toEqual([
      true,
      false,
      true,
      false
    ]);
    expect(table.text(4)).toBe('Title of b');
  });

  it('follows what dies, is added and comes back, whatever it was asked before', () => {
    const table = new ItemTable(COLLECTION);
    table.add([staged(0, 'a'), staged(1, 'b')]);
    table.update(COLLECTION, { embedded: bits(0, 1), dead: bits() });
    expect([[...table.newestRows()], table.rowOf('b')]).toEqual([[0, 1], 1]);
    table.update(COLLECTION, { embedded: bits(0, 1), dead: bits(1) });
    expect([[...table.newestRows()], table.rowOf('b')]).toEqual([[0], undefined]);
    table.add([staged(2, 'b')]);
    expect([[...table.newestRows()], table.rowOf('b')]).toEqual([[0, 2], 2]);
    table.update(COLLECTION, { embedded: bits(0, 1), dead: bits(2) });
    expect([[...table.newestRows()], table.rowOf('b')]).toEqual([[0, 1], 1]);
  });

  it('has one stamp until what its rows say can be something else', () => {
    const table = new ItemTable(COLLECTION);
    table.add([staged(0, 'a'), staged(1, 'b')]);
    const { stamp } = table;
    table.update(
      { ...COLLECTION, nextRow: 6, deadRevision: 2 },
      { embedded: bits(0), dead: bits(1) }
    );
    table.predict([]);
    expect(table.stamp).toBe(stamp);
    const labels = { field: 'mood', labels: ['x'], of: Uint16Array.of(1), method: '' };
    table.predict([{ ...labels, scores: Float32Array.of(1), madeAt: 7 }]);
    const predicted = table.stamp;
    expect(predicted).not.toBe(stamp);
    table.add([staged(2, 'b')]);
    expect(table.stamp).not.toBe(predicted);
    table.update({ ...COLLECTION, generation: 1 }, { embedded: bits(0), dead: bits() });
    expect(table.stamp).not.toBe(predicted);
  });

  it('shows what was predicted as fields', () => {
    const table = new ItemTable(COLLECTION);
    table.add([staged(0, 'a'), staged(1, 'b')]);
    table.update(COLLECTION, { embedded: bits(0, 1), dead: bits() });
    const of = Uint16Array.of(2);
    const scores = Float32Array.of(0.5);
    table.predict([{ field: 'mood', labels: ['x', 'y'], of, scores, method: '', madeAt: 0 }]);
    expect([table.value('mood', 0), table.value('mood score', 0)]).toEqual(['y', 0.5]);
    expect([table.value('mood', 1), table.value('mood score', 1)]).toEqual([null, null]);
    expect([...table.valuesAt(0)]).toEqual(['a', 'Title of a', 'y', 0.5]);
  });
});

describe('sorting', () => {
  const sorted = (values: FieldValue[], type: FieldType, descending = false) =>
    Array.from(
      sortRows(
        Uint32Array.from(values.keys()),
        rankRows(values.length, (row) => values[row]!, type),
        descending
      ),
      (row) => values[row]
    );

  it.each<[FieldType, FieldValue[], FieldValue[]]>([
    ['number', [10, null, -2, 9.5], [-2, 9.5, 10, null]],
    [
      'text',
      ['item 10', 'Item 9', '', 'äpfel', 'Apfel', null],
      ['äpfel', 'Apfel', 'Item 9', 'item 10', '', null]
    ],
    [
      'date',
      ['2026-02-01', 'soon', '2026-01-31T23:00:00Z', '2025'],
      ['2025', '2026-01-31T23:00:00Z', '2026-02-01', 'soon']
    ],
    ['boolean', [true, false, null, true], [false, true, true, null]],
    ['list', [['b'], [], ['a', 'z']], [['a', 'z'], ['b'], []]]
  ])('puts a %s in its order, and what is empty last', (type, values, expected) => {
    expect(sorted(values, type)).toEqual(expected);
  });

  it('turned round keeps what is empty last, and equals as they were', () => {
    expect(sorted([1, null, 3, 2], 'number', true)).toEqual([3, 2, 1, null]);
    const ranks = rankRows(10, () => 'same', 'text');
    expect([...sortRows(Uint32Array.of(4, 9, 7), ranks, true)]).toEqual([4, 9, 7]);
    expect([...sortRows(new Uint32Array(0), ranks, false)]).toEqual([]);
  });

  it('agrees with comparing each with each, of many', () => {
    const random = seededRandom(4);
    const values = Array.from({ length: 500 }, () =>
      random() < 0.1 ? null : Math.floor(random() * 90)
    );
    const rows = Uint32Array.from(values.keys()).filter(() => random() < 0.8);
    for (const descending of [false, true]) {
      const sign = descending ? -1 : 1;
      const expected = [...rows].sort((a, b) => {
        const [x, y] = [values[a]!, values[b]!];
        if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b;
        return sign * (x - y) || a - b;
      });
      const ranks = rankRows(500, (row) => values[row]!, 'number');
      expect([...sortRows(rows, ranks, descending)]).toEqual(expected);
    }
  });
});

describe('the values of a field', () => {
  it('are counted, the most frequent first, and tell which row has which', () => {
    const values: FieldValue[] = ['x', 'y', null, 'y', ['a', 'b'], '', 'z'];
    const { of, counts, ...found } = fieldValues(
      [0, 1, 2, 3, 4, 5, 6],
      (row) => values[row]!,
      7,
      3
    );
    expect(found).toEqual({ values: ['y', 'x', 'a, b'], more: true });
    expect([...counts]).toEqual([2, 1, 1]);
    expect([...of]).toEqual([2, 1, 0, 1, 3, 0, 0]);
  });
});

it('words are found in any of the values, each in one', () => {
  const values: FieldValue[] = ['id-7', 'Steel Pan', ['Kitchen', 'oven'], 40, null];
  expect(hasWords(values, ['steel', 'oven', '40'])).toBe(true);
  expect(hasWords(values, ['steel', 'wood'])).toBe(false);
  expect(hasWords([], [])).toBe(true);
});

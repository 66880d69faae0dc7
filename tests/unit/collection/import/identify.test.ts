import { describe, expect, test } from 'vitest';
import { identify } from '#lib/collection/import/identify.ts';
import type { Fields } from '#lib/collection/types.ts';

const makeId = (index: number) => `row-${index + 1}`;

describe('ids', () => {
  test('come from the field, as texts', () => {
    const records = [{ id: 7 }, { id: ' a ' }, { id: ['x', 'y'] }];
    const { ids, keep, issues } = identify(records, 'id', [], makeId);
    expect(ids).toEqual(['7', 'a', 'x, y']);
    expect([...keep]).toEqual([0, 1, 2]);
    expect(issues).toEqual([]);
  });

  test('are made where there is no field, without issues', () => {
    const { ids, issues } = identify([{ a: 1 }, { a: 2 }], null, [], makeId);
    expect(ids).toEqual(['row-1', 'row-2']);
    expect(issues).toEqual([]);
  });

  test('of duplicate ids the last wins, and each loser is listed', () => {
    const records = ['a', 'b', 'a', 'c', 'a'].map((id) => ({ id }));
    const { ids, keep, issues } = identify(records, 'id', [], makeId);
    expect(ids).toEqual(['a', 'b', 'a', 'c', 'a']);
    expect([...keep]).toEqual([1, 3, 4]);
    expect(issues.map(({ code, message }) => [code, message])).toEqual([
      ['duplicate-id', expect.stringContaining('Records 1 and 5')],
      ['duplicate-id', expect.stringContaining('Records 3 and 5')]
    ]);
  });

  test('a missing id is made, listed, and never takes the place of a given one', () => {
    const records: Fields[] = [{ id: null }, { id: 'row-1' }, {}, { id: 'row-1-2' }];
    const { ids, keep, issues } = identify(records, 'id', [], makeId);
    expect(ids).toEqual(['row-1-3', 'row-1', 'row-3', 'row-1-2']);
    expect([...keep]).toEqual([0, 1, 2, 3]);
    expect(issues.map(({ code }) => code)).toEqual(['missing-id', 'missing-id']);
  });

  test('a field called like a method is not taken from the prototype', () => {
    expect(identify([{}], 'constructor', [], makeId).ids).toEqual(['row-1']);
  });

  test('of passages are their source and place', () => {
    const passages = [0, 1].map((index) => ({ source: 'notes.md', index, count: 2 }));
    const { ids } = identify([{ text: 'a' }, { text: 'b' }], null, passages, makeId);
    expect(ids).toEqual(['notes.md#1', 'notes.md#2']);
  });
});

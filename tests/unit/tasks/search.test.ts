import { describe, expect, it } from 'vitest';
import { joinResults, titleOf, type FoundItem } from '#lib/tasks/search.ts';

const item = (row: number, source?: string): FoundItem => ({
  row,
  id: `id-${row}`,
  fields: { title: `Item ${row}`, tags: ['a', 'b'], empty: null },
  text: `Title: Item ${row}`,
  ...(source ? { passage: { source, index: row, count: 9 } } : {})
});

function join(rows: number[], items: FoundItem[], repeats = rows.map(() => -1)) {
  const found = {
    rows: Uint32Array.from(rows),
    similarities: Float32Array.from(rows, (_, n) => 1 - n / 10),
    fingerprints: Int8Array.from({ length: rows.length * 2 }, (_, i) => i),
    repeats: Int32Array.from(repeats)
  };
  return joinResults(found, items, 'title');
}

describe('search results', () => {
  it('keep the order of the neighbours, whatever order the items come in', () => {
    expect(join([7, 3, 5], [item(3), item(5), item(7)]).map(({ row }) => row)).toEqual([7, 3, 5]);
  });

  it('carry their own similarity and fingerprint', () => {
    const [, second] = join([7, 3], [item(3), item(7)]);
    expect(second!.similarity).toBeCloseTo(0.9);
    expect([...second!.cells]).toEqual([2, 3]);
  });

  it('leave out an item that was deleted meanwhile', () => {
    expect(join([7, 3], [item(3)]).map(({ row }) => row)).toEqual([3]);
  });

  it('stand with the earlier one that they nearly repeat, also where a third is gone', () => {
    const found = join([7, 3, 5, 9], [item(3), item(7), item(9)], [-1, 0, -1, 2]);
    expect(found.map(({ row, alike }) => [row, alike.map((other) => other.row)])).toEqual([
      [7, [3]],
      [9, []]
    ]);
  });

  it('show filled fields other than the title, lists joined', () => {
    expect(join([3], [item(3)])[0]!.fields).toEqual([{ name: 'tags', value: 'a, b' }]);
  });

  it('carry the text and place of a passage, and no text of what is looked up', () => {
    const [passage, other] = join([1, 2], [item(1, 'guide'), item(2)]);
    const place = { source: 'guide', index: 1, count: 9 };
    expect(passage).toMatchObject({ text: 'Title: Item 1', passage: place });
    expect(other).not.toHaveProperty('text');
  });

  it('take the start of the text for a heading where no title is filled', () => {
    const untitled = { ...item(1), fields: {}, text: `${'long '.repeat(40)}\nsecond line` };
    expect(titleOf(untitled, 'title', () => untitled.text)).toMatch(/^long long.*…$/);
    expect(titleOf(untitled, null, () => '')).toBe('id-1');
  });
});

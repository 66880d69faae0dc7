import { expect, test } from 'vitest';
import { groupPassages } from '#lib/ui/group-passages.ts';
import type { ResultView } from '#lib/ui/types.ts';

function result(id: string, source?: string): ResultView {
  return {
    id,
    row: 0,
    title: id,
    similarity: 0,
    cells: new Int8Array(),
    fields: [],
    alike: [],
    ...(source === undefined ? {} : { passage: { source, index: 0, count: 9 } })
  };
}

test('passages of a source stand together, where the best of them was', () => {
  const grouped = groupPassages([
    result('a'),
    result('b', 'one.md'),
    result('c'),
    result('d', 'two.md'),
    result('e', 'one.md')
  ]);
  expect(grouped.map(({ result: { id }, source, siblings }) => [id, source, siblings])).toEqual([
    ['a', null, 0],
    ['b', 'one.md', 2],
    ['e', null, 2],
    ['c', null, 0],
    ['d', 'two.md', 1]
  ]);
});

test('items of equal names are not passages of one source', () => {
  expect(groupPassages([result('a'), result('a')]).map(({ siblings }) => siblings)).toEqual([0, 0]);
});

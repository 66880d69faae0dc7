import { expect, it } from 'vitest';
import { fuse } from '#lib/tasks/fuse.ts';
import { seededRandom } from '../../support/random.ts';

it('scores each row by its places, as the paper has it', () => {
  const { rows, scores, ranks } = fuse(
    [
      { rows: [1, 2], weight: 1 },
      { rows: [2, 3], weight: 0.5 }
    ],
    10
  );
  expect([...rows]).toEqual([2, 1, 3]);
  expect(scores[0]).toBeCloseTo(1 / 62 + 0.5 / 61, 12);
  expect(scores[1]).toBeCloseTo(1 / 61, 12);
  expect(ranks).toEqual([
    [2, 1],
    [1, undefined],
    [undefined, 2]
  ]);
});

it('orders equal scores by row', () => {
  const rankings = [
    { rows: [9, 4], weight: 1 },
    { rows: [4, 9], weight: 1 }
  ];
  expect([...fuse(rankings, 5).rows]).toEqual([4, 9]);
});

const random = seededRandom(3);
/** Up to 30 rows below 99, in any order. */
const ranking = () =>
  Uint32Array.from(new Set(Array.from({ length: 30 }, () => Math.floor(random() * 99))));

it('equals the one ranking when the other weighs nothing', () => {
  for (let n = 0; n < 50; n++) {
    const [a, b] = [ranking(), ranking()];
    const [first, second] = [
      { rows: a, weight: random() },
      { rows: b, weight: 0 }
    ];
    expect(fuse([first, second], 20).rows).toEqual(a.slice(0, 20));
    expect(fuse([second, first], 99).rows).toEqual(a);
  }
});

it('is the sum of what each ranking gives, for any of them', () => {
  for (let n = 0; n < 50; n++) {
    const rankings = Array.from({ length: 3 }, () => ({ rows: ranking(), weight: random() }));
    const scoreOf = (row: number) =>
      rankings.reduce((sum, { rows, weight }) => {
        const place = rows.indexOf(row);
        return place < 0 ? sum : sum + weight / (60 + place + 1);
      }, 0);
    const all = [...new Set(rankings.flatMap(({ rows }) => [...rows]))];
    const expected = all.sort((a, b) => scoreOf(b) - scoreOf(a) || a - b).slice(0, 25);
    expect([...fuse(rankings, 25).rows]).toEqual(expected);
  }
});

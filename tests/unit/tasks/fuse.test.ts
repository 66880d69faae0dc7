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

it('equals the one ranking when the other weighs nothing', () => {
  const random = seededRandom(3);
  const shuffled = () =>
    Uint32Array.from(new Set(Array.from({ length: 30 }, () => Math.floor(random() * 99))));
  for (let n = 0; n < 50; n++) {
    const [a, b] = [shuffled(), shuffled()];
    const fused = fuse(
      [
        { rows: a, weight: 1 },
        { rows: b, weight: 0 }
      ],
      20
    );
    expect(fused.rows).toEqual(a.slice(0, 20));
  }
});

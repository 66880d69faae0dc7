import { expect, test } from 'vitest';
import { countShards } from '#lib/index/count-shards.ts';

test.each([
  [4999, 16, 1],
  [5000, 1, 1],
  [5000, 2, 2],
  [100_000, 7, 2],
  [100_000, 8, 4],
  [1_000_000, 64, 4]
])('%i rows on a machine of %i cores make %i graphs', (rows, cores, shards) => {
  expect(countShards(rows, cores)).toBe(shards);
});

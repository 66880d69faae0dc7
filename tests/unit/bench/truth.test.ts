import { expect, test } from 'vitest';
import { bitAt } from '#lib/base/bits.ts';
import { findTruth, recall } from '../../bench/vectors/truth.ts';
import { bruteForce, clusteredVectors, vectorAt } from '../../support/vectors.ts';

const DIMENSIONS = 37;
const ROWS = 300;
const vectors = clusteredVectors(ROWS, DIMENSIONS, { seed: 3 });
const queries = clusteredVectors(5, DIMENSIONS, { seed: 4 });
const allowed = Uint8Array.from({ length: Math.ceil(ROWS / 8) }, (_, i) => (i % 3 ? 0 : 0x91));

test('the truth is what sorting all rows gives, and among the allowed ones likewise', () => {
  const { all, filtered } = findTruth(vectors, queries, DIMENSIONS, 10, allowed);
  for (let n = 0; n < 5; n++) {
    const query = vectorAt(queries, n, DIMENSIONS);
    expect(all[n]).toEqual(bruteForce(vectors, query, 10));
    expect(filtered[n]).toEqual(bruteForce(vectors, query, 10, (row) => bitAt(allowed, row)));
  }
});

test('the truth holds every row when there are fewer than asked for', () => {
  const few = vectors.subarray(0, 4 * DIMENSIONS);
  const { all } = findTruth(few, queries, DIMENSIONS, 10, Uint8Array.of(0));
  expect(all[0]!.toSorted()).toEqual([0, 1, 2, 3]);
});

test('recall is the share of true rows that were found, whatever their order', () => {
  const truth = [
    [1, 2, 3],
    [4, 5, 6]
  ];
  expect(recall(truth, truth)).toBe(1);
  expect(recall([[3, 2, 1], []], truth)).toBe(0.5);
  expect(recall([[7, 1, 8], [4]], truth)).toBeCloseTo(1 / 3);
});

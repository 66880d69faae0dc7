import { expect, it } from 'vitest';
import { describeValues } from '#lib/tasks/inspect/value-statistics.ts';

it('tells norm, least, most and mean', () => {
  const { norm, least, most, mean } = describeValues(Float32Array.of(3, -4, 0));
  expect([norm, least, most]).toEqual([5, -4, 3]);
  expect(mean).toBeCloseTo(-1 / 3, 6);
});

it('puts every value into one of its intervals, which lie about zero', () => {
  const { histogram } = describeValues(Float32Array.of(-1, -0.9, 0, 0.1, 1, 1), 5);
  expect(histogram.map(({ values }) => values)).toEqual([2, 0, 2, 0, 2]);
  expect(histogram[0]!.from).toBe(-1);
  expect(histogram[4]!.to).toBeCloseTo(1, 9);
});

it('can do with a vector of nothing but zeros', () => {
  const { norm, histogram } = describeValues(new Float32Array(10), 3);
  expect(norm).toBe(0);
  expect(histogram.map(({ values }) => values)).toEqual([0, 10, 0]);
});

import { describe, expect, it } from 'vitest';
import { cosineMatrix, shorteningCost } from '#lib/tasks/inspect/similarities.ts';

describe('the matrix', () => {
  it('has the cosine of each vector with each, whatever their lengths', () => {
    const values = Float32Array.of(2, 0, 0, 3, 1, 1);
    const half = Math.SQRT1_2;
    const expected = [1, 0, half, 0, 1, half, half, half, 1];
    cosineMatrix(values, 3, 2, 2).forEach((cosine, n) => {
      expect(cosine).toBeCloseTo(expected[n]!, 6);
    });
  });

  it('looks at the first values only, normalised again, and leaves the vectors as they were', () => {
    const values = Float32Array.of(3, 4, 100, 6, 8, -100);
    const [, whole] = cosineMatrix(values, 2, 3, 3);
    const [, shortened] = cosineMatrix(values, 2, 3, 2);
    expect(whole).toBeLessThan(-0.9);
    expect(shortened).toBeCloseTo(1, 6);
    expect([...values]).toEqual([3, 4, 100, 6, 8, -100]);
  });

  it('never leaves [-1, 1]', () => {
    const one = Float32Array.from({ length: 1536 }, (_, n) => Math.sin(n) / 7);
    const values = new Float32Array(2 * 1536);
    values.set(one);
    values.set(
      one.map((value) => -value),
      1536
    );
    for (const cosine of cosineMatrix(values, 2, 1536, 1536)) {
      expect(Math.abs(cosine)).toBeLessThanOrEqual(1);
    }
  });
});

it('tells what shortening costs: how far similarities moved, and whose nearest changed', () => {
  const whole = Float32Array.of(1, 0.9, 0.5, 0.9, 1, 0.2, 0.5, 0.2, 1);
  const shortened = Float32Array.of(1, 0.4, 0.5, 0.4, 1, 0.2, 0.5, 0.2, 1);
  const cost = shorteningCost(whole, shortened, 3);
  expect(cost.meanDifference).toBeCloseTo(0.5 / 3, 6);
  expect(cost.mostDifference).toBeCloseTo(0.5, 6);
  // The first's nearest was the second, and is the third now.
  expect(cost.sameNearest).toBe(2);
});

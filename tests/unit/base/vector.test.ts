import { describe, expect, it } from 'vitest';
import {
  dot,
  fingerprint,
  normalise,
  shorten,
  vectorFault,
  weightedMean
} from '#lib/base/vector.ts';

const vector = (...values: number[]) => Float32Array.from(values);

describe('vectors', () => {
  it('are scaled to length one, and a zero vector stays zero', () => {
    expect([...normalise(vector(3, 4))]).toEqual([expect.closeTo(0.6), expect.closeTo(0.8)]);
    expect([...normalise(vector(0, 0))]).toEqual([0, 0]);
  });

  it('are shortened to their first values and normalised again', () => {
    const short = shorten(vector(3, 4, 12), 2);
    expect([...short]).toEqual([expect.closeTo(0.6), expect.closeTo(0.8)]);
  });

  it('are averaged by weight: a part three times as long pulls three times as hard', () => {
    const mean = weightedMean([vector(1, 0), vector(0, 1)], [3, 1]);
    expect(mean[0]! / mean[1]!).toBeCloseTo(3);
    expect(dot(mean, mean)).toBeCloseTo(1);
  });

  it.each([
    [[1, Number.NaN], 'not-finite'],
    [[Number.POSITIVE_INFINITY, 0], 'not-finite'],
    [[0, 0, 0], 'zero'],
    [[0, 1e-20], undefined]
  ])('%j is faulty: %s', (values, fault) => {
    expect(vectorFault(vector(...values))).toBe(fault);
  });

  it('have fingerprints that are alike when they are, and opposite when they are opposite', () => {
    const a = Float32Array.from({ length: 384 }, (_, i) => Math.sin(i * i));
    const near = a.map((value, i) => value + 0.01 * Math.cos(i));
    const [cells, nearCells] = [fingerprint(a, 48), fingerprint(near, 48)];
    expect(cells).toHaveLength(48);
    expect(Math.max(...cells.map((cell, i) => Math.abs(cell - nearCells[i]!)))).toBeLessThan(6);
    expect([
      ...fingerprint(
        a.map((value) => -value),
        48
      )
    ]).toEqual([...cells].map((c) => 0 - c));
  });
});

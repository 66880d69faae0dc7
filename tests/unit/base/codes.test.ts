import { describe, expect, it } from 'vitest';
import { encodeVectors } from '#lib/base/codes.ts';
import { likeRealEmbeddings } from '../../support/bench-vectors.ts';

/** The largest error of any value, in steps of its dimension; a dimension without steps errs by none. */
function worstError(vectors: Float32Array, dimensions: number): number {
  const { codes, scales } = encodeVectors(vectors, dimensions);
  return vectors.reduce((worst, value, i) => {
    const scale = scales[i % dimensions]!;
    const error = Math.abs(value - codes[i]! * scale);
    return Math.max(worst, error === 0 ? 0 : error / scale);
  }, 0);
}

describe('codes of vectors', () => {
  it('err by at most half a step, also in dimensions that stand out', () => {
    const dimensions = 64;
    const vectors = likeRealEmbeddings(500, dimensions, 1);
    for (let i = 5; i < vectors.length; i += dimensions) vectors[i]! *= 1000;
    for (let i = 6; i < vectors.length; i += dimensions) vectors[i]! *= 1e-6;
    // Dividing by the scale rounds too, by some 1e-14.
    expect(worstError(vectors, dimensions)).toBeLessThanOrEqual(0.5 + 1e-12);
    expect(worstError(vectors, dimensions)).toBeGreaterThan(0.49);
  });

  it('have a scale for each dimension: one that stands out costs the others nothing', () => {
    const { codes, scales } = encodeVectors(Float32Array.of(100, 0.01, -40, 0.002), 2);
    expect([...scales]).toEqual([100 / 127, 0.01 / 127].map(Math.fround));
    expect([...codes]).toEqual([127, 127, -51, 25]);
  });

  it('reach 127 and -127 at the extremes, and never -128', () => {
    const dimensions = 32;
    const vectors = likeRealEmbeddings(300, dimensions, 2);
    const opposite = Float32Array.from([...vectors, ...vectors.map((value) => -value)]);
    const { codes } = encodeVectors(opposite, dimensions);
    for (let d = 0; d < dimensions; d++) {
      const column = codes.filter((_, i) => i % dimensions === d);
      expect([Math.min(...column), Math.max(...column)]).toEqual([-127, 127]);
    }
  });

  it('are the negatives of the codes of the opposite vectors', () => {
    const vectors = likeRealEmbeddings(50, 16, 3);
    const { codes, scales } = encodeVectors(vectors, 16);
    const opposite = encodeVectors(
      vectors.map((value) => -value),
      16
    );
    expect(opposite.scales).toEqual(scales);
    expect([...opposite.codes].map((code) => 0 - code)).toEqual([...codes]);
  });

  it('are 0 with a scale of 0 in a dimension without values', () => {
    const { codes, scales } = encodeVectors(Float32Array.of(0.6, 0, -0.8, -0), 2);
    expect(scales[1]).toBe(0);
    expect([...codes]).toEqual([95, 0, -127, 0]);
  });

  it.each([1e-45, 1.7e-43, 1e-40, 1e-37])('take values as small as %d for 0', (tiny) => {
    const { codes, scales } = encodeVectors(Float32Array.of(1, tiny, 1, -tiny / 3), 2);
    expect(scales[1]).toBe(0);
    expect([...codes]).toEqual([127, 0, 127, 0]);
  });

  it.each([2e-36, 1e-10, 1, 1e30, 3.4e38])('keep to the rules at values of %d', (size) => {
    const vectors = Float32Array.of(size, -size, size / 4, -size / 3, size / 500, 0);
    const { codes } = encodeVectors(vectors, 1);
    expect([...codes]).toEqual([127, -127, 32, -42, 0, 0]);
    expect(worstError(vectors, 1)).toBeLessThanOrEqual(0.5 + 1e-12);
  });

  it('of a single vector are 127, -127 or 0', () => {
    const { codes, scales } = encodeVectors(Float32Array.of(0.5, -0.25, 0), 3);
    expect([...codes]).toEqual([127, -127, 0]);
    expect([...scales]).toEqual([0.5 / 127, 0.25 / 127, 0].map(Math.fround));
  });

  it('of no vectors are none', () => {
    const { codes, scales } = encodeVectors(new Float32Array(0), 3);
    expect(codes).toHaveLength(0);
    expect([...scales]).toEqual([0, 0, 0]);
  });

  it('are the same every time, and leave the vectors as they are', () => {
    const vectors = likeRealEmbeddings(100, 24, 4);
    const before = vectors.slice();
    expect(encodeVectors(vectors, 24)).toEqual(encodeVectors(before, 24));
    expect(vectors).toEqual(before);
  });

  it('are of a part of a larger buffer alone', () => {
    const vectors = likeRealEmbeddings(10, 8, 5);
    const part = vectors.subarray(3 * 8, 5 * 8);
    expect(encodeVectors(part, 8)).toEqual(encodeVectors(part.slice(), 8));
  });
});

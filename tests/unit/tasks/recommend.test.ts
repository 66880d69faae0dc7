import { describe, expect, it } from 'vitest';
import { dot, normalise } from '#lib/base/vector.ts';
import { becauseOf, contributions, diversify, profileOf } from '#lib/tasks/recommend.ts';
import { seededRandom } from '../../support/random.ts';

const DIMENSIONS = 6;

function randomVectors(count: number, random: () => number): Float32Array {
  const vectors = new Float32Array(count * DIMENSIONS);
  for (let n = 0; n < count; n++) {
    const vector = Float32Array.from({ length: DIMENSIONS }, () => random() - 0.4);
    vectors.set(normalise(vector), n * DIMENSIONS);
  }
  return vectors;
}

const at = (vectors: Float32Array, n: number) =>
  vectors.subarray(n * DIMENSIONS, (n + 1) * DIMENSIONS);

describe('a profile', () => {
  it('of one item is its vector, of several the direction of their mean', () => {
    expect([...profileOf(Float32Array.of(0.6, 0.8), [3])]).toEqual([
      expect.closeTo(0.6, 6),
      expect.closeTo(0.8, 6)
    ]);
    const mean = profileOf(Float32Array.of(1, 0, 0, 1), [1, 1]);
    expect(mean[0]).toBeCloseTo(Math.SQRT1_2, 6);
    expect(mean[1]).toBeCloseTo(Math.SQRT1_2, 6);
  });

  it('leans to what weighs more, and away from what is disliked', () => {
    const lean = profileOf(Float32Array.of(1, 0, 0, 1), [3, 1]);
    expect(lean[0]! / lean[1]!).toBeCloseTo(3, 5);
    expect(profileOf(Float32Array.of(1, 0, 0, 1), [1, -0.5])[1]).toBeLessThan(0);
  });

  it('of which nothing is left is refused with a reason', () => {
    expect(() => profileOf(Float32Array.of(0.6, 0.8, 0.6, 0.8), [1, -1])).toThrow(
      expect.objectContaining({ code: 'no-profile' }) as Error
    );
  });
});

describe('diversity', () => {
  it('0 keeps the ranking as it is', () => {
    const random = seededRandom(4);
    for (let n = 0; n < 50; n++) {
      const vectors = randomVectors(30, random);
      const similarities = Float32Array.from({ length: 30 }, () => random() * 2 - 1)
        .sort()
        .reverse();
      expect(diversify(similarities, vectors, 12, 0)).toEqual([...Array(12).keys()]);
    }
  });

  it('picks as maximal marginal relevance does, worked out anew at each step', () => {
    const random = seededRandom(9);
    for (const diversity of [0.2, 0.5, 0.9, 1]) {
      const vectors = randomVectors(25, random);
      const similarities = Float32Array.from({ length: 25 }, () => random())
        .sort()
        .reverse();
      const expected: number[] = [];
      while (expected.length < 10) {
        const scores = Array.from(similarities, (similarity, n) => {
          if (expected.includes(n)) return -Infinity;
          const near = expected.map((other) => dot(at(vectors, n), at(vectors, other)));
          return (1 - diversity) * similarity - diversity * (near.length ? Math.max(...near) : 0);
        });
        expected.push(scores.indexOf(Math.max(...scores)));
      }
      expect(diversify(similarities, vectors, 10, diversity)).toEqual(expected);
    }
  });

  it('picks each candidate once, and no more than there are', () => {
    const vectors = randomVectors(5, seededRandom(1));
    const picked = diversify(Float32Array.of(0.9, 0.8, 0.7, 0.6, 0.5), vectors, 20, 0.7);
    expect([...picked].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('the reason', () => {
  it('is the like that contributed most; what all contribute adds up to one', () => {
    const random = seededRandom(6);
    for (let n = 0; n < 50; n++) {
      const likes = randomVectors(6, random);
      const weights = [1, 2, -0.5, 0.5, 3, -1.5];
      const item = at(randomVectors(1, random), 0);
      const shares = contributions(item, likes, weights);
      const sum = shares.reduce((total, share) => total + share, 0);
      expect(shares[2]).toBe(0);
      expect(shares.every((share) => share >= 0)).toBe(true);
      const reason = becauseOf(item, likes, weights);
      if (sum === 0) expect(reason).toBeUndefined();
      else {
        expect(sum).toBeCloseTo(1, 9);
        expect(reason!.share).toBe(Math.max(...shares));
        expect(weights[reason!.liked]).toBeGreaterThan(0);
      }
    }
  });

  it('is none where nothing speaks for the item', () => {
    expect(becauseOf(Float32Array.of(1, 0), Float32Array.of(-1, 0), [1])).toBeUndefined();
  });
});

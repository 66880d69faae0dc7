import { expect, it } from 'vitest';
import { rankByBm25, type Postings } from '#lib/collection/keyword/bm25.ts';
import { seededRandom } from '../../../support/random.ts';

const postings = (...entries: [row: number, count: number][]): Postings => ({
  rows: Uint32Array.from(entries, ([row]) => row),
  counts: Uint16Array.from(entries, ([, count]) => count)
});
const ALL = new Uint8Array(100).fill(255);

it('scores by the formula', () => {
  const lengths = { of: Uint32Array.of(4, 8, 0, 6), texts: 3, words: 18 };
  const { rows, scores } = rankByBm25([postings([1, 2])], lengths, 5, ALL);
  const weight = Math.log((3 - 1 + 0.5) / (1 + 0.5));
  expect([...rows]).toEqual([1]);
  expect(scores[0]).toBeCloseTo((weight * 2 * 2.2) / (2 + 1.2 * (0.25 + (0.75 * 8) / 6)), 6);
});

it('gives a word that most texts have a weight that only breaks ties', () => {
  const lengths = { of: Uint32Array.of(2, 2, 2, 2), texts: 4, words: 8 };
  const common = postings([0, 1], [2, 1], [3, 1]);
  const rare = postings([1, 1]);
  const alone = rankByBm25([common], lengths, 5, ALL);
  expect([...alone.rows]).toEqual([0, 2, 3]);
  expect(alone.scores[0]).toBeLessThan(1e-5);
  expect([...rankByBm25([common, rare], lengths, 5, ALL).rows]).toEqual([1, 0, 2, 3]);
});

it('finds the best of any number, equals by row, and only those that are allowed', () => {
  const random = seededRandom(4);
  for (let n = 0; n < 100; n++) {
    const of = Uint32Array.from({ length: 500 }, () => 1 + Math.floor(random() * 3));
    const lengths = { of, texts: of.length, words: of.reduce((sum, length) => sum + length) };
    const having = [...of.keys()].filter(() => random() < 0.4);
    const word = postings(...having.map((row): [number, number] => [row, 1]));
    const allowed = Uint8Array.from({ length: 60 }, () => Math.floor(random() * 256));
    const k = Math.floor(random() * 60);
    const expected = having
      .filter((row) => (allowed[row >> 3] ?? 0) & (1 << (row & 7)))
      // Of texts with the word once, the shortest are the best.
      .sort((a, b) => of[a]! - of[b]! || a - b)
      .slice(0, k);
    expect([...rankByBm25([word], lengths, k, allowed).rows]).toEqual(expected);
  }
});

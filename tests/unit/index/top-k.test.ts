import { expect, test } from 'vitest';
import { TopK } from '#lib/index/top-k.ts';
import { seededRandom } from '../../support/random.ts';

test('it keeps what sorting everything would, for any order of offers, with ties by row', () => {
  const random = seededRandom(3);
  for (let round = 0; round < 200; round++) {
    const k = Math.floor(random() * 12);
    // Few distinct similarities, so that most are tied.
    const offers = Array.from({ length: Math.floor(random() * 40) }, (_, row) => ({
      row,
      similarity: Math.fround(Math.floor(random() * 6) / 7)
    }));
    const expected = [...offers]
      .sort((a, b) => b.similarity - a.similarity || a.row - b.row)
      .slice(0, k);
    offers.sort(() => random() - 0.5);
    const top = new TopK(k);
    for (const { row, similarity } of offers) {
      if (similarity >= top.threshold) top.offer(row, similarity);
    }
    const { rows, similarities } = top.sorted();
    expect([...rows]).toEqual(expected.map(({ row }) => row));
    expect([...similarities]).toEqual(expected.map(({ similarity }) => similarity));
  }
});

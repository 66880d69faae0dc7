import { describe, expect, it, onTestFinished } from 'vitest';
import { wordsOf } from '#lib/base/words.ts';
import { KeywordIndex } from '#lib/collection/keyword/keyword-index.ts';
import { seededRandom } from '../../../support/random.ts';

const ALL = new Uint8Array(64).fill(255);

async function indexOf(texts: string[]): Promise<KeywordIndex> {
  const index = await KeywordIndex.create();
  onTestFinished(() => index.close());
  index.add(
    texts.map((text, row) => ({ row, text })),
    texts.length
  );
  return index;
}

const rowsFor = (index: KeywordIndex, question: string, allowed = ALL) => [
  ...index.search(question, 10, allowed).rows
];

const wordList = (text: string) => Array.from(wordsOf(text), ({ word }) => word);

/** BM25 with k1 1.2 and b 0.75, and the inverse document frequency of Robertson and Spärck Jones. */
function bm25(texts: string[], question: string): number[] {
  const lists = texts.map(wordList);
  const mean = lists.reduce((sum, list) => sum + list.length, 0) / lists.length;
  return lists.map((list) =>
    [...new Set(wordList(question))].reduce((score, word) => {
      const having = lists.filter((other) => other.includes(word)).length;
      if (having === 0 || having > texts.length / 2) return score;
      const idf = Math.log((texts.length - having + 0.5) / (having + 0.5));
      const count = list.filter((other) => other === word).length;
      const length = 1 - 0.75 + (0.75 * list.length) / mean;
      return score + (idf * count * 2.2) / (count + 1.2 * length);
    }, 0)
  );
}

describe('the keyword index', () => {
  it('ranks as BM25 does, worked out word by word', async () => {
    const random = seededRandom(2);
    const vocabulary = 'ash birch cedar date elm fig gum holly ivy juniper kapok larch maple'.split(
      ' '
    );
    const pick = () => vocabulary[Math.floor(random() ** 2 * vocabulary.length)]!;
    const texts = Array.from({ length: 80 }, () =>
      Array.from({ length: 2 + Math.floor(random() * 9) }, pick).join(' ')
    );
    const index = await indexOf(texts);
    for (let n = 0; n < 30; n++) {
      const question = Array.from({ length: 1 + Math.floor(random() * 4) }, pick).join(' ');
      const scores = bm25(texts, question);
      if (scores.every((score) => score === 0)) continue;
      const found = index.search(question, 10, ALL);
      const expected = [...texts.keys()]
        .filter((row) => scores[row]! > 0)
        .sort((a, b) => scores[b]! - scores[a]! || a - b)
        .slice(0, 10);
      expect(found.rows.length).toBe(expected.length);
      found.rows.forEach((row, place) => {
        expect(found.scores[place]).toBeCloseTo(scores[row]!, 4);
        expect(scores[row]).toBeCloseTo(scores[expected[place]!]!, 9);
      });
    }
  });

  it('finds rows that are allowed only, however far down they are', async () => {
    const texts = Array.from({ length: 400 }, (_, n) => (n % 4 === 0 ? `bee ${n}` : `wasp ${n}`));
    const index = await indexOf(texts);
    const last = new Uint8Array(64);
    last[396 >> 3]! |= 1 << (396 & 7);
    expect(rowsFor(index, 'bee', last)).toEqual([396]);
    expect(rowsFor(index, 'bee', new Uint8Array(0))).toEqual([]);
  });

  it('leaves out words that most items have, unless there is no other', async () => {
    const index = await indexOf(['the bee', 'the wasp', 'the ant', 'a fly']);
    expect(index.search('the bee', 10, ALL)).toMatchObject({ words: ['bee'] });
    expect(rowsFor(index, 'the bee')).toEqual([0]);
    expect(rowsFor(index, 'the')).toEqual([0, 1, 2]);
  });

  it.each([
    '"',
    '" OR text:x NEAR(',
    '*',
    'bee AND',
    "'; drop table words; --",
    '\0',
    '(',
    '…',
    ''
  ])('takes %j for words, not for a language', async (question) => {
    const index = await indexOf(['one bee', 'and a wasp', 'x near', 'ant']);
    const { rows } = index.search(question, 10, ALL);
    expect(rows.length).toBeLessThanOrEqual(3);
    expect(rowsFor(index, 'bee')).toEqual([0]);
  });

  it('answers a question of ten thousand words', async () => {
    const index = await indexOf(['bee', 'wasp']);
    const long = `bee ${Array.from({ length: 10_000 }, (_, n) => `w${n}`).join(' ')}`;
    expect(rowsFor(index, long)).toEqual([0]);
  });

  it('finds words in any form, and in scripts without spaces', async () => {
    const index = await indexOf(['Cafés in Zürich', '東京の天気はいい', 'Straßenbahn', 'nothing']);
    expect(rowsFor(index, 'cafe')).toEqual([0]);
    expect(rowsFor(index, 'ZURICH')).toEqual([0]);
    expect(rowsFor(index, '天気')).toEqual([1]);
    expect(rowsFor(index, 'strassenbahn')).toEqual([2]);
  });

  it('is the same after it was written and read, and takes further rows', async () => {
    const index = await indexOf(['one bee', 'a wasp', 'an ant', 'two bees']);
    index.optimise();
    const read = await KeywordIndex.load(index.serialise(), index.size);
    onTestFinished(() => read.close());
    expect(read.search('bee', 10, ALL)).toEqual(index.search('bee', 10, ALL));
    read.add([{ row: 7, text: 'three bees and a hive' }], 8);
    expect(read.size).toBe(8);
    expect(rowsFor(read, 'hive')).toEqual([7]);
    expect(rowsFor(read, 'bee').sort()).toEqual([0, 3, 7]);
  });
});

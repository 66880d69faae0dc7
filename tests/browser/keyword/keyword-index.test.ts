import { describe, expect, it, onTestFinished } from 'vitest';
import { matchesIn } from '#lib/base/matches.ts';
import { wordListOf } from '#lib/base/words.ts';
import { KeywordIndex } from '#lib/collection/keyword/keyword-index.ts';
import { loadSqlite } from '#lib/collection/keyword/sqlite.ts';
import { awkwardText } from '../../support/awkward-text.ts';
import { seededRandom } from '../../support/random.ts';

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

/** BM25 with k1 1.2 and b 0.75, and the inverse document frequency of Robertson and Spärck Jones. */
function bm25(texts: string[], question: string): number[] {
  const lists = texts.map(wordListOf);
  const mean = lists.reduce((sum, list) => sum + list.length, 0) / lists.length;
  return lists.map((list) =>
    [...new Set(wordListOf(question))].reduce((score, word) => {
      const having = lists.filter((other) => other.includes(word)).length;
      if (having === 0 || having > texts.length / 2) return score;
      const idf = Math.log((texts.length - having + 0.5) / (having + 0.5));
      const count = list.filter((other) => other === word).length;
      const length = 1 - 0.75 + (0.75 * list.length) / mean;
      return score + (idf * count * 2.2) / (count + 1.2 * length);
    }, 0)
  );
}

const VOCABULARY = 'ash birch cedar date elm fig gum holly ivy juniper kapok larch maple'.split(
  ' '
);

/** Texts of 2 to 10 words, and questions of 1 to 4; early words are frequent. */
function trees(seed: number): { texts: string[]; questions: string[] } {
  const random = seededRandom(seed);
  const pick = () => VOCABULARY[Math.floor(random() ** 2 * VOCABULARY.length)]!;
  const words = (least: number, most: number) =>
    Array.from({ length: least + Math.floor(random() * (most - least + 1)) }, pick).join(' ');
  return {
    texts: Array.from({ length: 80 }, () => words(2, 10)),
    questions: Array.from({ length: 30 }, () => words(1, 4))
  };
}

/** What SQLite's own ranking says of words: scores by row. */
async function bm25OfSqlite(texts: string[], words: string[]): Promise<Map<number, number>> {
  const sqlite = await loadSqlite();
  const db = new sqlite.oo1.DB(':memory:');
  db.exec("create virtual table words using fts5(text, tokenize='ascii')");
  texts.forEach((text, row) => {
    db.exec('insert into words(rowid, text) values (?, ?)', { bind: [row, text] });
  });
  const ranked = db.selectArrays('select rowid, -bm25(words) from words where words match ?', [
    words.join(' OR ')
  ]);
  db.close();
  return new Map(ranked as [number, number][]);
}

describe('the keyword index', () => {
  it('ranks as BM25 does, worked out word by word', async () => {
    const { texts, questions } = trees(2);
    const index = await indexOf(texts);
    for (const question of questions) {
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

  it('scores as SQLite does', async () => {
    const { texts, questions } = trees(4);
    const index = await indexOf(texts);
    for (const question of questions) {
      const { rows, scores, words } = index.search(question, 100, ALL);
      const expected = await bm25OfSqlite(texts, words);
      expect(rows.length).toBe(expected.size);
      rows.forEach((row, place) => expect(scores[place]).toBeCloseTo(expected.get(row)!, 5));
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
    expect(index.search('the bee', 10, ALL)).toMatchObject({ words: ['bee'], counts: [1] });
    expect(index.search('The!', 10, ALL)).toMatchObject({ words: ['the'], counts: [3] });
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

  it.each([
    ['कमल', ['कमल का फूल', 'कमला की किताब'], [0]],
    ['की', ['कमल का फूल', 'कमला की किताब', 'x', 'y'], [1]],
    ['กิน', ['ฉันกินข้าว', 'กันน้ำ', 'x'], [0]],
    ['ガス', ['カス', 'ガス', 'x'], [1]],
    ['ｶﾞｽ', ['カス', 'ガス', 'x'], [1]],
    ['كتاب', ['كِتَاب', 'قلم', 'x'], [0]],
    ['میخواهم', ['می\u200cخواهم', 'نان', 'x'], [0]],
    ['example', ['exam\u00adple', 'sample', 'x'], [0]],
    ['한국어', ['한국어 문서'.normalize('NFD'), '문서', 'x'], [0]],
    ['⑴', ['⑴ one', 'two', 'x'], [0]]
  ])('finds %s where it is, and not where another word is', async (question, texts, expected) => {
    expect(rowsFor(await indexOf(texts), question)).toEqual(expected);
  });

  it('finds each text by itself, however awkward, and what it found can be marked', async () => {
    const random = seededRandom(6);
    const texts = Array.from({ length: 300 }, () => awkwardText(random, 8));
    const index = await indexOf(texts);
    for (const [row, text] of texts.entries()) {
      if (wordListOf(text).length === 0) continue;
      const { rows, words } = index.search(text, 300, ALL);
      expect([...rows], JSON.stringify(text)).toContain(row);
      expect(words).toEqual([...new Set(wordListOf(text))]);
      expect(matchesIn(text, new Set(words)).length).toBeGreaterThan(0);
    }
  });

  it('gives as many as there are, of as many as are asked for', async () => {
    const { texts } = trees(3);
    const index = await indexOf(texts);
    const question = 'cedar fig maple';
    const all = index.search(question, 1000, ALL).rows;
    expect(all.length).toBeGreaterThan(20);
    for (const k of [0, 1, 3, 20, all.length]) {
      expect(index.search(question, k, ALL).rows).toEqual(all.slice(0, k));
    }
  });

  it('counts what was added after a question', async () => {
    const index = await indexOf(['a bee', 'a wasp', 'an ant']);
    expect(index.search('bee', 10, ALL).counts).toEqual([1]);
    index.add([{ row: 3, text: 'two bees' }], 4);
    expect(index.search('bee', 10, ALL)).toMatchObject({ words: ['bee'], counts: [2] });
    expect(rowsFor(index, 'bee')).toEqual([0, 3]);
  });

  it('is the same after it was written and read, and takes further rows', async () => {
    const index = await indexOf(['one bee', 'a wasp', 'an ant', 'two bees']);
    index.optimise();
    const read = await KeywordIndex.load(index.serialise());
    onTestFinished(() => read.close());
    expect(read.size).toBe(4);
    expect(read.search('bee', 10, ALL)).toEqual(index.search('bee', 10, ALL));
    read.add([{ row: 7, text: 'three bees and a hive' }], 8);
    expect(read.size).toBe(8);
    expect(rowsFor(read, 'hive')).toEqual([7]);
    expect(rowsFor(read, 'bee').sort()).toEqual([0, 3, 7]);
  });

  it('goes on being written and read while rows are added', async () => {
    const { texts } = trees(5);
    let index = await KeywordIndex.create();
    for (let row = 0; row < texts.length; row += 7) {
      const more = texts.slice(row, row + 7).map((text, n) => ({ row: row + n, text }));
      index.add(more, row + more.length);
      const bytes = index.serialise();
      index.close();
      index = await KeywordIndex.load(bytes);
    }
    onTestFinished(() => index.close());
    const expected = (await indexOf(texts)).search('cedar fig maple', 20, ALL);
    expect(index.search('cedar fig maple', 20, ALL)).toEqual(expected);
  });
});

describe('a kept keyword index', () => {
  it.each([
    ['nothing', () => new Uint8Array(0)],
    ['something else', () => new TextEncoder().encode('no index at all '.repeat(1000))],
    ['its first half', (bytes: Uint8Array) => bytes.slice(0, bytes.length / 2)],
    ['zeros', (bytes: Uint8Array) => new Uint8Array(bytes.length)]
  ])('is refused when there is %s of it', async (_, damage) => {
    const index = await indexOf(['one bee', 'a wasp']);
    const loading = KeywordIndex.load(damage(index.serialise()));
    await expect(loading).rejects.toMatchObject({ code: 'keywords-damaged' });
  });

  it('does no harm when some of its bytes are others', async () => {
    const random = seededRandom(7);
    const { texts, questions } = trees(7);
    const bytes = (await indexOf(texts)).serialise();
    const outcomes = { refused: 0, failed: 0, answered: 0 };
    for (let n = 0; n < 300; n++) {
      const damaged = bytes.slice();
      for (let change = 0; change < 1 + (n % 20); change++) {
        damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
      }
      outcomes[await tryDamaged(damaged, questions)]++;
    }
    expect(outcomes.refused).toBeGreaterThan(0);
    expect(outcomes.answered).toBeGreaterThan(0);
    expect(rowsFor(await indexOf(['one bee', 'a wasp', 'an ant']), 'bee')).toEqual([0]);
  });
});

/** Loads and asks; a trap of WebAssembly is thrown on. */
async function tryDamaged(
  bytes: Uint8Array,
  questions: string[]
): Promise<'refused' | 'failed' | 'answered'> {
  let index: KeywordIndex;
  try {
    index = await KeywordIndex.load(bytes);
  } catch (error) {
    expect(error).toMatchObject({ code: 'keywords-damaged' });
    return 'refused';
  }
  try {
    for (const question of questions) index.search(question, 10, ALL);
    index.add([{ row: index.size, text: 'one more bee' }], index.size + 1);
    index.serialise();
    return 'answered';
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error;
    return 'failed';
  } finally {
    index.close();
  }
}

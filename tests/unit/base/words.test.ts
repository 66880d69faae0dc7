import { describe, expect, it } from 'vitest';
import { matchesIn } from '#lib/base/matches.ts';
import { foldWord, wordListOf, wordsOf } from '#lib/base/words.ts';
import { awkwardText } from '../../support/awkward-text.ts';
import { seededRandom } from '../../support/random.ts';

const words = (text: string) => Array.from(wordsOf(text), ({ word }) => word);

describe('words', () => {
  it.each([
    ['Cafés, cafe & ＣＡＦＥ', ['cafe', 'cafe', 'cafe']],
    ['Straße STRASSE', ['strasse', 'strasse']],
    ['batteries boxes glasses bus', ['battery', 'boxe', 'glasse', 'bus']],
    ['USB-C 3.0', ['usb', 'c', '3', '0']],
    ['…', []],
    ['', []]
  ])('of %s are %j', (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it('are found where a script has no spaces', () => {
    expect(words('東京の天気')).toContain('東京');
    expect(words('สวัสดีชาวโลก').length).toBeGreaterThan(1);
  });

  it('leave out what is too long to be one', () => {
    expect(words(`a ${'x'.repeat(5000)} b`)).toEqual(['a', 'b']);
  });

  it('differ by the vowels and voicing marks of scripts that have no accents', () => {
    for (const [one, other] of [
      ['की', 'का'],
      ['กิน', 'กัน'],
      ['ガス', 'カス']
    ] as const)
      expect(foldWord(one)).not.toBe(foldWord(other));
    expect(foldWord('שָׁלוֹם')).toBe(foldWord('שלום'));
  });

  it('hold nothing that parts words', () => {
    const random = seededRandom(8);
    for (let n = 0; n < 1000; n++) {
      for (const word of words(awkwardText(random, 12))) {
        expect(word).toMatch(/^[a-z0-9\u0080-\u{10ffff}]+$/u);
        expect(word).not.toMatch(/\s/);
      }
    }
  });

  it('are the same as a list', () => {
    const random = seededRandom(9);
    const texts = Array.from({ length: 500 }, () => awkwardText(random, 8));
    texts.push('Plain ASCII, News_and 2 batteries', 'x'.repeat(65), 'x'.repeat(64));
    for (const text of texts) expect(wordListOf(text)).toEqual(words(text));
  });

  it('are folded alike however they were folded before', () => {
    for (const word of ['Études', 'ΣΊΣΥΦΟΣ', 'ﬁnds', 'İstanbul', 'news'])
      expect(foldWord(word)).toBe(foldWord(word));
    expect(foldWord('ΣΊΣΥΦΟΣ')).toBe(foldWord('Σίσυφος'));
  });
});

describe('matches', () => {
  it('mark whole words in whatever form they stand', () => {
    const text = 'Wireless HEADPHONES: a headphone, no headphoness.';
    const found = matchesIn(text, new Set(['headphone']));
    expect(found.map(({ from, to }) => text.slice(from, to))).toEqual(['HEADPHONES', 'headphone']);
  });

  it('take in what is drawn together with a word', () => {
    const marked = (text: string, word: string) =>
      matchesIn(text, new Set([word])).map(({ from, to }) => text.slice(from, to));
    expect(marked('cafe\u0301!', 'cafe')).toEqual(['cafe\u0301']);
    expect(marked('abc\u{1f3fd} abc', 'abc')).toEqual(['abc\u{1f3fd}', 'abc']);
    expect(marked('no \u060012', '12')).toEqual(['\u060012']);
  });

  it('rise, lie apart, and never cut a character', () => {
    const random = seededRandom(5);
    const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
    for (let n = 0; n < 1000; n++) {
      const text = awkwardText(random, 20);
      const starts = Array.from(graphemes.segment(text), ({ index }) => index);
      const borders = new Set(starts).add(text.length);
      const some = words(text).filter(() => random() < 0.5);
      let end = 0;
      for (const { from, to } of matchesIn(text, new Set(some))) {
        expect(from).toBeGreaterThanOrEqual(end);
        expect(to).toBeGreaterThan(from);
        end = to;
        const says = JSON.stringify([text, from, to]);
        expect([borders.has(from), borders.has(to)], says).toEqual([true, true]);
      }
      expect(end).toBeLessThanOrEqual(text.length);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { matchesIn } from '#lib/base/matches.ts';
import { foldWord, wordsOf } from '#lib/base/words.ts';
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

  it('rise, lie apart, and never cut a character', () => {
    const random = seededRandom(5);
    const pieces = [
      'é',
      'e\u0301',
      'ß',
      '👩‍👩‍👧',
      '東京',
      ' ',
      '-',
      'abc',
      'ＡＢ',
      '\u0301',
      'สวัสดี',
      '🇩🇪'
    ];
    const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
    for (let n = 0; n < 200; n++) {
      const text = Array.from(
        { length: 20 },
        () => pieces[Math.floor(random() * pieces.length)]
      ).join('');
      const borders = new Set(Array.from(graphemes.segment(text), ({ index }) => index)).add(
        text.length
      );
      let end = 0;
      for (const { from, to } of matchesIn(text, new Set(words(text)))) {
        expect(from).toBeGreaterThanOrEqual(end);
        expect(to).toBeGreaterThan(from);
        end = to;
        expect([borders.has(from), borders.has(to)], JSON.stringify([text, from, to])).toEqual([
          true,
          true
        ]);
      }
    }
  });
});

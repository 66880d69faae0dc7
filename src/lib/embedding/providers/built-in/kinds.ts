/** Between words: white space and punctuation. */
export const BETWEEN = 0;
/** Part of a word: a letter, mark or digit of a script that writes words with several. */
export const LETTER = 1;
/** A word by itself: an ideograph, kana, Hangul syllable, emoji, anything beyond the 16-bit plane. */
export const SIGN = 2;
/** Joins the letters on both sides: `don’t` is one word. */
export const APOSTROPHE = 3;

/** First and last code unit of each range, hexadecimal. */
const RANGES: [kind: number, ranges: string][] = [
  [
    BETWEEN,
    // ASCII and Latin-1; Greek, Armenian, Hebrew, Arabic, Syriac; Indic, Thai, Tibetan; Myanmar,
    // Georgian, Ethiopic, Khmer, Mongolian; general punctuation, currencies, symbols; forms.
    '0-2f 3a-40 5b-60 7b-bf d7-d7 f7-f7 2c2-2c5 2d2-2eb 375-375 37e-37e 387-387 482-482 ' +
      '55a-55f 589-58f 5be-5be 5c0-5c0 5c3-5c3 5c6-5c6 5f3-60f 61b-61f 66a-66d 6d4-6d4 6dd-6de ' +
      '6e9-6e9 6fd-6fe 700-70f 964-965 970-970 df4-df4 e3f-e3f e4f-e4f e5a-e5b f01-f17 f3a-f3d ' +
      '104a-104f 10fb-10fb 1360-1368 1400-1400 1680-1680 17d4-17d6 17d8-17db 1800-180a ' +
      '2000-209f 20a0-20cf 2100-22ff 2400-25ff 27c0-2aff 2e00-2e7f fe10-fe6f fff0-ffff'
  ],
  [
    SIGN,
    // Emoji of the first plane; CJK radicals to ideographs, Yi, Hangul, surrogates, private use.
    '2300-23ff 2600-27bf 2b00-2bff 1100-11ff 2e80-2fff 3005-3007 3012-3013 3021-3029 3031-a4cf ' +
      'a960-a97f ac00-faff'
  ],
  [BETWEEN, '3000-3004 3008-3011 3014-3020 3030-3030 303d-303f 30a0-30a0 30fb-30fb'],
  [APOSTROPHE, '27-27 2bc-2bc 2019-2019']
];

/**
 * Kind of every UTF-16 code unit of a folded text. A fixed list rather than `\p{L}`, whose answer
 * changes with a browser's version of Unicode.
 */
export const KINDS: Uint8Array = new Uint8Array(0x10000).fill(LETTER);
for (const [kind, ranges] of RANGES) {
  for (const range of ranges.split(' ')) {
    const [first, last] = range.split('-').map((digits) => parseInt(digits, 16));
    KINDS.fill(kind, first, last! + 1);
  }
}

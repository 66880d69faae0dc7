/** Text that needs no folding but lower case: printable ASCII and its white space. */
const PLAIN = /^[ -~\t\n\r]*$/;

/**
 * Marks that don't make another word: Latin, Greek and Cyrillic diacritics, Hebrew points, Arabic
 * vowels and tatweel, keycaps and variation selectors, soft hyphens, joiners, direction marks.
 */
const SILENT =
  /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u20d0-\u20f0\ufe00-\ufe0f\u00ad\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g;

/** Letters that a keyboard without them spells otherwise, and that Unicode does not decompose. */
const SPELT: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ı: 'i',
  ς: 'σ'
};
const SPELT_LETTERS = new RegExp(`[${Object.keys(SPELT).join('')}]`, 'g');

/**
 * The text as it is compared: compatibility forms unified (NFKC), lower-case in every locale,
 * diacritics and invisible characters gone, so that `Café`, `CAFE` and `ｃａｆé` are one word.
 * Composed again at the end: Hangul and kana stay whole.
 */
export function foldText(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(SILENT, '')
    .replace(SPELT_LETTERS, (letter) => SPELT[letter]!)
    .normalize('NFC');
}

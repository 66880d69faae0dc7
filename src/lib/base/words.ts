/** A word of a text, as it is compared, and where it stands (UTF-16 units). */
export interface Word {
  word: string;
  from: number;
  to: number;
}

/** Letters, digits, the marks that belong to them, and what joins within a word without being seen. */
const RUNS = /[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}]|\u00ad|\u200c|\u200d|\u2060)*/gu;
/** Scripts that put no spaces between words. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}]/u;
const ASCII = /^[\0-\x7f]*$/;
const ASCII_RUNS = /[a-z0-9]+/g;
/**
 * What two spellings of a word may differ by: accents of European scripts, points of Hebrew and Arabic.
 * Signs for vowels of other scripts, and the voicing marks of kana, are letters of their own.
 */
const ACCENTS =
  /[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]/g;
/** What compatibility forms may unfold to that is no part of a word: `⑴` has brackets. */
const NO_PART = /[^\p{L}\p{N}\p{M}]|[\ufe00-\ufe0f]/gu;
/** Longer ones are no words: encoded data has them, and each would be kept as a word of its own. */
const LONGEST = 64;

let segmenter: Intl.Segmenter | undefined;

/**
 * The words of a text in order: runs of letters and digits, cut by the browser's dictionary where a
 * script has no spaces. Indexing, asking and marking all go by this, so that they agree.
 */
export function* wordsOf(text: string): Generator<Word> {
  for (const { 0: run, index } of text.matchAll(RUNS)) {
    if (ASCII.test(run) || !UNSPACED.test(run)) {
      if (run.length <= LONGEST) yield { word: foldWord(run), from: index, to: index + run.length };
      continue;
    }
    segmenter ??= new Intl.Segmenter(undefined, { granularity: 'word' });
    for (const { segment, index: at, isWordLike } of segmenter.segment(run)) {
      if (!isWordLike || segment.length > LONGEST) continue;
      const from = index + at;
      yield { word: foldWord(segment), from, to: from + segment.length };
    }
  }
}

/** The words of a text in order, as {@link wordsOf} has them, in a third of its time. */
export function wordListOf(text: string): string[] {
  if (!ASCII.test(text)) return Array.from(wordsOf(text), ({ word }) => word);
  const words: string[] = [];
  for (const run of text.toLowerCase().match(ASCII_RUNS) ?? []) {
    if (run.length <= LONGEST) words.push(singular(run));
  }
  return words;
}

/** Folded words that are remembered: most words of a text are few. */
const REMEMBERED = 50_000;
const folded = new Map<string, string>();

/**
 * A word as it is compared: without case, accents, width and English plural, so that `Cafés`, `cafe`
 * and `ＣＡＦＥ` are one.
 */
export function foldWord(word: string): string {
  if (ASCII.test(word)) return singular(word.toLowerCase());
  const known = folded.get(word);
  if (known !== undefined) return known;
  const plain = word
    .normalize('NFKD')
    .replace(ACCENTS, '')
    .replace(NO_PART, '')
    // By way of capitals, which have no ß and no final ς.
    .toUpperCase()
    .toLowerCase()
    // Some small letters have an accent that the capital had not.
    .replace(ACCENTS, '')
    .normalize('NFC');
  const result = singular(plain) || word;
  if (folded.size >= REMEMBERED) folded.clear();
  folded.set(word, result);
  return result;
}

/**
 * Takes an English plural's ending off; other words that end so lose it too, everywhere alike.
 * @see Harman, How Effective Is Suffixing?, JASIS 1991 (the S stemmer)
 */
function singular(word: string): string {
  if (word.length < 4 || !word.endsWith('s')) return word;
  if (word.endsWith('ies') && !/[ae]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (word.endsWith('es') && !/[aeo]es$/.test(word)) return word.slice(0, -1);
  return /[us]s$/.test(word) ? word : word.slice(0, -1);
}

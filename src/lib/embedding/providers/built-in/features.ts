import { foldText } from './fold.ts';
import { extend, scramble, WORD_SEED } from './hash.ts';
import { APOSTROPHE, KINDS, LETTER, SIGN } from './kinds.ts';
import { STOP_WORDS } from './stop-words.ts';

/** Length of a built-in vector. */
export const BUILT_IN_DIMENSIONS = 384;

/** Longest word in code units; a longer run of letters goes on as the next word. */
const MAX_WORD = 64;

const GRAM_SEED = 0x2f6b1d57;
const SKELETON_SEED = 0x51a3c9e1;
/** Stands for a word's borders in its character n-grams; no folded text holds it. */
const BORDER = 0xffff;

/**
 * How much each sort of feature counts beside a whole word. All numbers of this file are part of
 * the space `built-in@1`: with others, saved vectors could not be compared with new ones.
 */
export const WEIGHTS = {
  /** All n-grams of a word together. */
  grams: 1.2,
  /** An n-gram at the start of its word, where the stem is, against one in the middle. */
  start: 1.5,
  /** An n-gram at the end, where unrelated words share `ing` and `ed`. */
  end: 0.5,
  skeleton: 0.5,
  pair: 0.5,
  stopWord: 0.08,
  sign: 0.5,
  kana: 0.2,
  /** By length in code units, the last for all longer: short words say little. */
  lengths: [0, 0.3, 0.5, 0.8, 1, 1, 1.1, 1.1, 1.2]
};

const VOWELS = new Set(Array.from('aeiouy', (vowel) => vowel.charCodeAt(0)));

// Scratch of the one text being embedded: nothing is allocated for an n-gram.
const sums = new Float64Array(BUILT_IN_DIMENSIONS);
const word = new Uint16Array(MAX_WORD);
const occurrences = new Map<number, number>();

/** Adds a feature to one signed dimension. */
function add(hash: number, weight: number): void {
  const bits = scramble(hash);
  sums[(bits >>> 1) % BUILT_IN_DIMENSIONS]! += bits & 1 ? weight : -weight;
}

/** Adds a weighty feature to four dimensions, so that two rarely meet altogether. */
function addSpread(hash: number, weight: number): void {
  for (let part = 0; part < 4; part++) add(extend(hash, BORDER - part), weight / 2);
}

/** What one more occurrence adds, so that the n-th brings the whole to √n. */
function novelty(hash: number): number {
  const before = occurrences.get(hash) ?? 0;
  occurrences.set(hash, before + 1);
  return before === 0 ? 1 : Math.sqrt(before + 1) - Math.sqrt(before);
}

/** Adds the 3- and 4-grams of `word` between its borders. */
function addGrams(length: number, weight: number): void {
  const each = weight / Math.sqrt(2 * length - 1);
  for (let from = -1; from < length - 1; from++) {
    const place = from < 0 ? each * WEIGHTS.start : each;
    let hash = GRAM_SEED;
    for (let i = from; i < from + 4 && i <= length; i++) {
      hash = extend(hash, i < 0 || i === length ? BORDER : word[i]!);
      if (i >= from + 2) add(hash, i === length ? place * WEIGHTS.end : place);
    }
  }
}

/** Adds the word without vowels and doubled letters, which survives most slips of the finger. */
function addSkeleton(length: number, weight: number): void {
  let hash = extend(SKELETON_SEED, word[0]!);
  let kept = 1;
  for (let i = 1; i < length; i++) {
    if (VOWELS.has(word[i]!) || word[i] === word[i - 1]) continue;
    hash = extend(hash, word[i]!);
    kept++;
  }
  if (kept >= 3) addSpread(hash, weight);
}

/** The features of one folded text, added to `sums`; false when it holds no word and no sign. */
function addText(text: string): boolean {
  let length = 0;
  let wordHash = WORD_SEED;
  let pairHash = WORD_SEED; // the last weighty word, going on with this one
  let lastWeight = 0; // of the last weighty word
  let lastSign = 0; // hash of the sign right before, 0 for none
  let found = false;

  function endWord(): void {
    if (length === 0) return;
    const weight = WEIGHTS.lengths[Math.min(length, WEIGHTS.lengths.length - 1)]!;
    found = true;
    if (STOP_WORDS.has(wordHash)) {
      addSpread(wordHash, WEIGHTS.stopWord * novelty(wordHash));
    } else {
      const fresh = weight * novelty(wordHash);
      addSpread(wordHash, fresh);
      addGrams(length, fresh * WEIGHTS.grams);
      addSkeleton(length, fresh * WEIGHTS.skeleton);
      if (lastWeight) {
        const both = Math.sqrt(lastWeight * weight);
        addSpread(pairHash, both * WEIGHTS.pair * novelty(pairHash));
      }
      pairHash = wordHash;
      lastWeight = weight;
    }
    length = 0;
    wordHash = WORD_SEED;
  }
  return found;
}

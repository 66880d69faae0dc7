import { extend, hashWord, scramble, WORD_SEED } from './hash.ts';
import { APOSTROPHE, KINDS, LETTER, SIGN } from './kinds.ts';
import { STOP_WORDS } from './stop-words.ts';

/** Length of a built-in vector. */
export const BUILT_IN_DIMENSIONS = 384;

/**
 * How much each sort of feature counts beside a whole word. All numbers of this file are part of
 * the space `built-in@1`: with others, saved vectors could not be compared with new ones.
 */
const WEIGHTS = {
  /** All n-grams of a word together. */
  grams: 1.5,
  /** An n-gram at the start of its word, where the stem is, against one in the middle. */
  start: 2,
  /** An n-gram at the end, where unrelated words share `ing` and `ed`. */
  end: 0.5,
  /** The consonant skeleton. */
  skeleton: 0.4,
  /** Two neighbouring words. */
  pair: 0.4,
  /** A stop word; it has no other features. */
  stopWord: 0.08,
  /** An ideograph or emoji; two in a row count double. */
  sign: 0.5,
  /** Hiragana, which Japanese writes its endings and particles with. */
  hiragana: 0.2,
  /** A word by its length in code units, the last for all longer: short words say little. */
  lengths: [0, 0.3, 0.5, 0.8, 1, 1, 1.1, 1.1, 1.2],
  /**
   * A text says first what it is about (a title, a heading): its first word counts 1 + `lead`
   * times, and that bonus is halved at the `leadWords`th.
   */
  lead: 1.5,
  leadWords: 8
};

const GRAM_SEED = 0x2f6b1d57;
const SKELETON_SEED = 0x51a3c9e1;
/** Stands for a word's borders in its n-grams; no folded text holds it as a letter. */
const BORDER = 0xffff;
/** Longest word in code units; a longer run of letters goes on as the next word. */
const MAX_WORD = 64;

const VOWELS = new Set(Array.from('aeiouy', (vowel) => vowel.charCodeAt(0)));

/** Gathers the features of one text after another; nothing is allocated for an n-gram. */
export class Features {
  /** Weights of the last text's features, by the dimension they are hashed to. */
  readonly sums = new Float64Array(BUILT_IN_DIMENSIONS);
  private readonly occurrences = new Map<number, number>();
  private readonly word = new Uint16Array(MAX_WORD);
  private length = 0;
  /** Weighty words and signs so far. */
  private words = 0;
  /** The last weighty word; its weight is 0 while there is none. */
  private lastWord = 0;
  private lastWordWeight = 0;
  /** The sign right before; its weight is 0 while there is none. */
  private lastSign = 0;
  private lastSignWeight = 0;

  /** Reads a folded text once, from left to right, into `sums`. */
  gather(text: string): void {
    this.sums.fill(0);
    this.occurrences.clear();
    this.lastWordWeight = 0;
    this.words = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const kind = KINDS[unit];
      if (kind === LETTER) {
        this.addLetter(unit);
      } else if (kind === SIGN) {
        const sign = text.codePointAt(i)!;
        if (sign > 0xffff) i++;
        this.addSign(sign);
      } else if (kind !== APOSTROPHE || KINDS[text.charCodeAt(i + 1)] !== LETTER) {
        this.endWord();
      }
    }
    this.endWord();
    // Nothing but punctuation, or nothing at all: the text as a whole is its only feature.
    if (this.occurrences.size === 0) this.addSpread(hashWord(text), 1);
  }

  private addLetter(unit: number): void {
    if (this.length === MAX_WORD) this.endWord();
    this.lastSignWeight = 0;
    this.word[this.length++] = unit;
  }

  private addSign(sign: number): void {
    const last = this.lastSign;
    const lastWeight = this.lastSignWeight;
    this.endWord();
    this.lastSign = sign;
    this.lastSignWeight = this.nextLead() * (isHiragana(sign) ? WEIGHTS.hiragana : WEIGHTS.sign);
    const alone = extend(WORD_SEED, sign);
    this.addSpread(alone, this.lastSignWeight * this.novelty(alone));
    if (lastWeight === 0) return;
    const both = extend(extend(WORD_SEED, last), sign);
    const weight = 2 * Math.sqrt(lastWeight * this.lastSignWeight);
    this.addSpread(both, weight * this.novelty(both));
  }

  private endWord(): void {
    this.lastSignWeight = 0;
    if (this.length === 0) return;
    const hash = this.extendByWord(WORD_SEED);
    if (STOP_WORDS.has(hash)) this.addSpread(hash, WEIGHTS.stopWord * this.novelty(hash));
    else this.addWord(hash);
    this.length = 0;
  }

  private addWord(hash: number): void {
    const weight =
      this.nextLead() * WEIGHTS.lengths[Math.min(this.length, WEIGHTS.lengths.length - 1)]!;
    const fresh = weight * this.novelty(hash);
    this.addSpread(hash, fresh);
    this.addGrams(fresh * WEIGHTS.grams);
    this.addSkeleton(fresh * WEIGHTS.skeleton);
    if (this.lastWordWeight > 0) {
      // Two words share their hash with the one they are often written as: `head phones`.
      const pair = this.extendByWord(this.lastWord);
      const both = Math.sqrt(this.lastWordWeight * weight);
      this.addSpread(pair, both * WEIGHTS.pair * this.novelty(pair));
    }
    this.lastWord = hash;
    this.lastWordWeight = weight;
  }

  /** The 3- and 4-grams of the word with its borders: what inflections and typos leave alike. */
  private addGrams(weight: number): void {
    const { word, length } = this;
    const each = weight / Math.sqrt(2 * length - 1);
    for (let from = -1; from < length - 1; from++) {
      const here = from < 0 ? each * WEIGHTS.start : each;
      let hash = GRAM_SEED;
      for (let i = from; i < from + 4 && i <= length; i++) {
        hash = extend(hash, i < 0 || i === length ? BORDER : word[i]!);
        if (i >= from + 2) this.add(hash, i === length ? here * WEIGHTS.end : here);
      }
    }
  }

  /** The word without its later vowels and doubled letters: what most misspellings leave alike. */
  private addSkeleton(weight: number): void {
    const { word, length } = this;
    let hash = extend(SKELETON_SEED, word[0]!);
    let kept = 1;
    for (let i = 1; i < length; i++) {
      if (VOWELS.has(word[i]!) || word[i] === word[i - 1]) continue;
      hash = extend(hash, word[i]!);
      kept++;
    }
    if (kept >= 3) this.addSpread(hash, weight);
  }

  private extendByWord(hash: number): number {
    for (let i = 0; i < this.length; i++) hash = extend(hash, this.word[i]!);
    return hash;
  }

  /** How much the next word or sign counts for standing where it does. */
  private nextLead(): number {
    return 1 + (WEIGHTS.lead * WEIGHTS.leadWords) / (WEIGHTS.leadWords + this.words++);
  }

  /** What one more occurrence adds, so that n of them make √n. */
  private novelty(hash: number): number {
    const before = this.occurrences.get(hash) ?? 0;
    this.occurrences.set(hash, before + 1);
    return before === 0 ? 1 : Math.sqrt(before + 1) - Math.sqrt(before);
  }

  /** Adds a feature to one signed dimension. */
  private add(hash: number, weight: number): void {
    const bits = scramble(hash);
    this.sums[(bits >>> 1) % BUILT_IN_DIMENSIONS]! += bits & 1 ? weight : -weight;
  }

  /** Adds a weighty feature to four dimensions, so that two of them rarely meet altogether. */
  private addSpread(hash: number, weight: number): void {
    for (let part = 0; part < 4; part++) this.add(extend(hash, BORDER - part), weight / 2);
  }
}

function isHiragana(codePoint: number): boolean {
  return codePoint >= 0x3041 && codePoint <= 0x309f;
}

import { bitAt } from '#lib/base/bits.ts';
import type { Row } from '#lib/base/ids.ts';

/** The rows whose texts have a word, rising, and how often each has it. */
export interface Postings {
  rows: Uint32Array;
  counts: Uint16Array;
}

/** How many words the texts have. */
export interface TextLengths {
  /** Words of the text at each row; 0 where there is none. */
  of: Uint32Array;
  /** How many texts there are, and words in all of them. */
  texts: number;
  words: number;
}

/** Rows by falling score; equals by row. */
export interface ScoredRows {
  rows: Uint32Array<ArrayBuffer>;
  scores: Float32Array<ArrayBuffer>;
}

/** How soon further occurrences of a word add nothing, and how much long texts are held back. */
const K1 = 1.2;
const B = 0.75;
/** Instead of nothing, for a word that half of the texts or more have. */
const LEAST_WEIGHT = 1e-6;

/**
 * The `k` allowed rows (a bitmap) that rank best for words, given by their postings. A row scores for
 * each word
 *
 *     ln((N - n + 0.5) / (n + 0.5)) × c (K1 + 1) / (c + K1 (1 - B + B × length / mean length))
 *
 * where n of the N texts have the word, and this one has it c times: the numbers are those of SQLite's
 * `bm25()`, times -1.
 * @see https://sqlite.org/fts5.html#the_bm25_function
 */
export function rankByBm25(
  words: Postings[],
  lengths: TextLengths,
  k: number,
  allowed: Uint8Array
): ScoredRows {
  const scores = new Float64Array(lengths.of.length);
  for (const postings of words) addScores(scores, postings, lengths);
  return bestOf(scores, k, allowed);
}

function addScores(scores: Float64Array, { rows, counts }: Postings, lengths: TextLengths): void {
  const { of, texts, words } = lengths;
  const rarity = Math.log((texts - rows.length + 0.5) / (rows.length + 0.5));
  const weight = (rarity > 0 ? rarity : LEAST_WEIGHT) * (K1 + 1);
  const perWord = (K1 * B * texts) / words;
  const held = K1 * (1 - B);
  for (let n = 0; n < rows.length; n++) {
    const row = rows[n]!;
    const count = counts[n]!;
    scores[row]! += (weight * count) / (count + held + perWord * of[row]!);
  }
}

/** The `k` highest scores above 0. */
function bestOf(scores: Float64Array, k: number, allowed: Uint8Array): ScoredRows {
  let best: Row[] = [];
  let least = 0;
  const cut = () => {
    best.sort((a, b) => scores[b]! - scores[a]! || a - b);
    best = best.slice(0, k);
    if (best.length === k) least = scores[best[k - 1]!]!;
  };
  for (let row = 0; k > 0 && row < scores.length; row++) {
    // An equal score further down is no better: rows rise.
    if (!(scores[row]! > least) || !bitAt(allowed, row)) continue;
    best.push(row);
    if (best.length >= 2 * k + 64) cut();
  }
  cut();
  return {
    rows: Uint32Array.from(best),
    scores: Float32Array.from(best, (row) => scores[row]!)
  };
}

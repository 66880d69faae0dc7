/*
 * Vectors that mean something and cost little. Every direction (of a word, of a text's noise, of the
 * mean that all vectors of a model share) is a slice of one table of gaussian numbers, at a place its
 * hash chooses: two slices are as good as independent, and none has to be kept.
 */

const TABLE_SIZE = 1 << 22;
const LONGEST = 3072;
/** Lengths of the shared mean and of the text's own noise, beside 1 for the words together. */
const MEAN = 0.5;
const NOISE = 0.1;

const table = gaussianTable(TABLE_SIZE);

/**
 * A text's vector: `dimensions` long, L2-normalised, the same for the same model and text. Texts that
 * share words (letters and digits, lower-cased) are nearer. Fewer dimensions are a prefix of more,
 * normalised again, as with the text-embedding-3 models.
 */
export function embedText(model: string, text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  const words = new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu));
  const weight = 1 / Math.sqrt(words.size);
  for (const word of words) addDirection(vector, `${model} word ${word}`, weight);
  addDirection(vector, `${model} mean`, MEAN);
  addDirection(vector, `${model} text ${text}`, NOISE);
  return normalise(vector);
}

function addDirection(vector: Float32Array, name: string, weight: number): void {
  const from = hash(name) % (TABLE_SIZE - LONGEST);
  for (let i = 0; i < vector.length; i++) vector[i]! += weight * table[from + i]!;
}

function normalise(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const scale = 1 / Math.sqrt(squares);
  for (let i = 0; i < vector.length; i++) vector[i]! *= scale;
  return vector;
}

/** FNV-1a over UTF-16 units, finished as MurmurHash3 does, so that near names fall far apart. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Near-gaussian numbers of variance 1: sums of a 32-bit random number's four bytes (xorshift32). */
function gaussianTable(size: number): Float32Array {
  const mean = 4 * 127.5;
  const deviation = Math.sqrt((4 * (256 ** 2 - 1)) / 12);
  const numbers = new Float32Array(size);
  let x = 0x9e3779b9;
  for (let i = 0; i < size; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const sum = (x & 255) + ((x >>> 8) & 255) + ((x >>> 16) & 255) + (x >>> 24);
    numbers[i] = (sum - mean) / deviation;
  }
  return numbers;
}

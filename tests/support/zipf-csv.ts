import { seededRandom } from './random.ts';

const VOCABULARY = 50_000;
/** Shifts the most frequent words down, as in written language (Mandelbrot's form of Zipf's law). */
const SHIFT = 2.7;
const CONSONANTS = 'bcdfghklmnprstvz';
const VOWELS = 'aeiou';

/** Draws made-up words as often as words of a language of {@link VOCABULARY} words are used. */
export function zipfWords(seed: number): () => string {
  const random = seededRandom(seed);
  const sums = new Float64Array(VOCABULARY);
  let sum = 0;
  for (let rank = 0; rank < VOCABULARY; rank++) sums[rank] = sum += 1 / (rank + 1 + SHIFT);
  return () => {
    const wanted = random() * sum;
    let [low, high] = [0, VOCABULARY - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return wordOf(low);
  };
}

/** A word for a rank: frequent ones are short. */
function wordOf(rank: number): string {
  let word = '';
  for (let rest = rank + 3; rest > 0; rest = Math.floor(rest / 80)) {
    word += CONSONANTS[rest % 16]! + VOWELS[Math.floor(rest / 16) % 5]!;
  }
  return word;
}

/** A CSV of `rows` articles of 20 to 140 words, each with one of five topics; the same for the same seed. */
export function zipfCsv(rows: number, seed = 1): string {
  const word = zipfWords(seed);
  const random = seededRandom(seed + 1);
  const lines = ['id,topic,title,body'];
  for (let row = 1; row <= rows; row++) {
    const words = Array.from({ length: 20 + Math.floor(random() * 120) }, word);
    lines.push(
      `A${row},topic ${1 + Math.floor(random() * 5)},${words.slice(0, 5).join(' ')},${words.join(' ')}.`
    );
  }
  return lines.join('\n') + '\n';
}

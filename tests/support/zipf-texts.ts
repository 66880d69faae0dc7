import { seededRandom } from './random.ts';

/** Distinct words of the texts. */
const VOCABULARY = 50_000;
/** Words of a text: half of the texts have fewer. */
const MEDIAN_WORDS = 60;
const SYLLABLES = Array.from('bdfgklmnprstvz').flatMap((consonant) =>
  Array.from('aeiou', (vowel) => consonant + vowel)
);

/**
 * Texts whose words are distributed as in natural language: the word of rank r is drawn in proportion to
 * 1 / r (Zipf's law), and lengths are log-normal. The same for the same seed.
 */
export function zipfTexts(count: number, seed = 1): string[] {
  const random = seededRandom(seed);
  const cumulative = new Float64Array(VOCABULARY);
  for (let rank = 0, sum = 0; rank < VOCABULARY; rank++) cumulative[rank] = sum += 1 / (rank + 1);
  const total = cumulative.at(-1)!;
  const word = () => wordOfRank(firstAbove(cumulative, random() * total));
  return Array.from({ length: count }, () => {
    const length = Math.round(MEDIAN_WORDS * Math.exp(0.6 * normal(random)));
    return Array.from({ length: Math.min(400, Math.max(5, length)) }, word).join(' ');
  });
}

/** Questions of 3 to 8 words as people draw them from a text they have in mind: rare and common ones. */
export function questionsFrom(texts: string[], count: number, seed = 2): string[] {
  const random = seededRandom(seed);
  const pick = <T>(list: T[]) => list[Math.floor(random() * list.length)]!;
  return Array.from({ length: count }, () => {
    const words = pick(texts).split(/\s+/);
    return Array.from({ length: 3 + Math.floor(random() * 6) }, () => pick(words)).join(' ');
  });
}

/** Words of frequent ranks are short, as in languages. */
function wordOfRank(rank: number): string {
  let word = '';
  for (let rest = rank + 1; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) {
    word += SYLLABLES[rest % SYLLABLES.length]!;
  }
  return word;
}

function firstAbove(rising: Float64Array, value: number): number {
  let [low, high] = [0, rising.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Box and Muller's transform: mean 0, deviation 1. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

import { wordsOf } from './words.ts';

/**
 * The stretches of a text that are among some words (as `wordsOf` has them), rising and apart from each
 * other: UTF-16 units, never within a word.
 */
export function matchesIn(
  text: string,
  words: ReadonlySet<string>
): { from: number; to: number }[] {
  if (words.size === 0) return [];
  const found: { from: number; to: number }[] = [];
  for (const { word, from, to } of wordsOf(text)) if (words.has(word)) found.push({ from, to });
  return found;
}

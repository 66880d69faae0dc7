import type { FieldValue } from '../types.ts';

/** Whether the values of an item have all of some words (in lower case), each in any of them. */
export function hasWords(values: Iterable<FieldValue>, words: string[]): boolean {
  let missing = words;
  for (const value of values) {
    if (value === null) continue;
    const text = (Array.isArray(value) ? value.join('\n') : String(value)).toLowerCase();
    missing = missing.filter((word) => !text.includes(word));
    if (missing.length === 0) return true;
  }
  return missing.length === 0;
}

/** Where hashing of a feature starts; each sort of feature has its own seed. */
export const WORD_SEED = 0x811c9dc5 | 0;

/** Hash of a sequence with one more code unit: a round of FNV-1a, on 16 bits instead of 8. */
export function extend(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

/** Spreads a hash over all its 32 bits: the finaliser of MurmurHash3. Unsigned. */
export function scramble(hash: number): number {
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Hash of a whole word. */
export function hashWord(word: string): number {
  let hash = WORD_SEED;
  for (let i = 0; i < word.length; i++) hash = extend(hash, word.charCodeAt(i));
  return hash;
}

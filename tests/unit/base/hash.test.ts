import { describe, expect, it } from 'vitest';
import { HASH_BYTES, hashKey, hashText } from '#lib/base/hash.ts';

describe('the hash of a text', () => {
  it('is the first 16 bytes of its SHA-256', () => {
    expect(hashKey(hashText('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223');
  });

  it('is read from the middle of joined hashes', () => {
    const joined = new Uint8Array(2 * HASH_BYTES);
    joined.set(hashText('abc'), HASH_BYTES);
    expect(hashKey(joined, HASH_BYTES)).toBe(hashKey(hashText('abc')));
  });

  it('tells white space and accents apart, since an embedder does', () => {
    const texts = ['a b', 'a  b', 'a b ', 'á b', 'a\u0301 b'];
    expect(new Set(texts.map((text) => hashKey(hashText(text)))).size).toBe(texts.length);
  });
});

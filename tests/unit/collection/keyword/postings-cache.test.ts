import { expect, it } from 'vitest';
import type { Postings } from '#lib/collection/keyword/bm25.ts';
import { PostingsCache } from '#lib/collection/keyword/postings-cache.ts';

/** Postings of 60 bytes. */
const postings = (): Postings => ({ rows: new Uint32Array(10), counts: new Uint16Array(10) });

/** A cache for some bytes, and the words that were read. */
function cacheOf(bytes: number) {
  const cache = new PostingsCache(bytes);
  const read: string[] = [];
  const get = (word: string) =>
    cache.get(word, () => {
      read.push(word);
      return postings();
    });
  return { cache, read, get };
}

it('reads a word once', () => {
  const { read, get } = cacheOf(1000);
  expect(get('a')).toBe(get('a'));
  expect(read).toEqual(['a']);
});

it('forgets the least recently used when there is no room', () => {
  const { read, get } = cacheOf(130);
  for (const word of ['a', 'b', 'a', 'c', 'a', 'b']) get(word);
  expect(read).toEqual(['a', 'b', 'c', 'b']);
});

it('gives what has no room at all, and keeps nothing', () => {
  const { read, get } = cacheOf(50);
  expect(get('a').rows).toHaveLength(10);
  get('a');
  expect(read).toEqual(['a', 'a']);
});

it('forgets all when told', () => {
  const { cache, read, get } = cacheOf(70);
  get('a');
  cache.clear();
  get('a');
  get('a');
  expect(read).toEqual(['a', 'a']);
});

import { expect, test } from 'vitest';
import { excerpt } from '#lib/ui/excerpt.ts';

const prose = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen';

test('a text that fits is not cut, nor one that is over by a few letters', () => {
  expect(excerpt('short', 20, 3)).toBeNull();
  expect(excerpt(prose, prose.length - 10, 3)).toBeNull();
  expect(excerpt('one\ntwo\n', 20, 2)).toBeNull();
});

test('prose is cut between words', () => {
  expect(excerpt(prose, 10, 3)).toBe('one two');
  expect(excerpt(prose, 13, 3)).toBe('one two three');
});

test('lines are cut at their end', () => {
  expect(excerpt('one two\nthree four\nfive', 100, 2)).toBe('one two\nthree four');
});

test('a text without spaces is cut all the same, but never through a character', () => {
  expect(excerpt('x'.repeat(100), 30, 3)).toBe('x'.repeat(30));
  expect(excerpt('🙂'.repeat(50), 31, 3)).toBe('🙂'.repeat(15));
});

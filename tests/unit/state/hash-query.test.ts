import { describe, expect, it } from 'vitest';
import { hashQuery } from '#lib/state/hash-query.ts';

describe('the query of a hash route', () => {
  it.each([
    ['#/c/0123/search?q=wireless+headphones', 'wireless headphones'],
    ['#/c/0123/search?q=a%26b%3Dc%23d%25', 'a&b=c#d%'],
    ['#/c/0123/search?q=what%3F', 'what?'],
    ['#/c/0123/search', null],
    ['', null]
  ])('in %j asks for %j', (hash, question) => {
    expect(hashQuery(hash).get('q')).toBe(question);
  });

  it('survives being written and read again, whatever was asked', () => {
    const question = 'Qué? 100 % “sure” & more=less #1 / ☂\n\\';
    const hash = `#/c/0123/search?${new URLSearchParams({ q: question })}`;
    expect(hashQuery(hash).get('q')).toBe(question);
  });
});

import { describe, expect, it } from 'vitest';
import { webAddress } from '#lib/base/web-address.ts';

describe('a field’s text', () => {
  it.each([
    ['https://example.org/a?b=c#d', 'https://example.org/a?b=c#d'],
    [' http://example.org ', 'http://example.org/'],
    ['HTTPS://EXAMPLE.org/ä', 'https://example.org/%C3%A4']
  ])('%s is an address', (text, address) => {
    expect(webAddress(text)).toBe(address);
  });

  it.each([
    'javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'ftp://example.org',
    '//example.org',
    'example.org',
    'https://',
    'see https://example.org',
    'https://example.org/a b',
    'https://bank.example@evil.example/',
    'https://example.org/"onclick="x',
    `https://example.org/${'x'.repeat(3000)}`,
    ''
  ])('%j is none', (text) => {
    expect(webAddress(text)).toBeNull();
  });
});

import { expect, it } from 'vitest';
import { itemAddress, itemOfSegment, itemSegment } from '#lib/base/addresses.ts';

it.each([
  'p001',
  'a/b',
  'what?',
  '50%',
  '100%zz',
  '#1',
  'ü x',
  '..',
  '.',
  '~x',
  'a&b=c',
  '"<b>',
  '日本',
  '-1'
])('the id %s comes back from its address, which no router can mistake', (id) => {
  const segment = itemSegment(id);
  expect(segment).toMatch(/^~?[\w-][\w.-]*$/);
  expect(itemOfSegment(segment)).toBe(id);
});

it('ids as most are stand in the address as they are', () => {
  expect(itemAddress('0a', 'show_12.3')).toBe('#/c/0a/items/show_12.3');
});

import { expect, it } from 'vitest';
import { seededRandom } from '../../support/random.ts';
import {
  aboutField,
  draftOf,
  filterOf,
  filterWords,
  typedOf,
  valueFrom,
  withOperator
} from '#lib/ui/filter-draft.ts';
import type { Filter } from '#lib/collection/filter/types.ts';

const price: Filter = { field: 'price', operator: '$lt', value: 50 };
const kitchen: Filter = { field: 'category', operator: '$in', value: ['Kitchen', 'Bath'] };
const steel: Filter = { field: null, operator: '$contains', value: 'steel' };

it('a filter that is shown and not changed stays as it was', () => {
  for (const filter of [
    null,
    price,
    {
      operator: '$or' as const,
      parts: [price, { operator: '$and' as const, parts: [steel, kitchen] }]
    }
  ]) {
    expect(filterOf(draftOf(filter))).toEqual(filter);
  }
});

it('conditions without a value, and groups of none, say nothing yet', () => {
  const open = { field: 'a', operator: '$eq' as const, value: undefined };
  const group = { operator: '$or' as const, parts: [open, open] };
  expect(filterOf({ operator: '$and', parts: [open, group] })).toBeNull();
  expect(filterOf({ operator: '$and', parts: [open, group, price] })).toEqual(price);
});

it('is told in words', () => {
  expect(filterWords(null)).toBe('none');
  expect(
    filterWords({ operator: '$and', parts: [price, { operator: '$or', parts: [kitchen, steel] }] })
  ).toBe('price is less than 50 and (category is one of Kitchen, Bath or text contains steel)');
});

it('what is typed becomes a value of the field’s type', () => {
  expect(valueFrom('5', 'number', '$gt')).toBe(5);
  expect(valueFrom('5', 'text', '$eq')).toBe('5');
  expect(valueFrom('five', 'number', '$gt')).toBeUndefined();
  expect(valueFrom('false', 'boolean', '$eq')).toBe(false);
  expect(valueFrom('5, x, 7', 'number', '$in')).toEqual([5, 7]);
  expect(valueFrom(' ', 'text', '$eq')).toBeUndefined();
  expect(typedOf([5, 7])).toBe('5, 7');
});

it('values of a list are typed as they are read, whatever is in them', () => {
  expect(valueFrom('Kitchen, "Home, garden",', 'text', '$in')).toEqual(['Kitchen', 'Home, garden']);
  expect(typedOf(['Kitchen', 'Home, garden'])).toBe('Kitchen, "Home, garden"');
  const random = seededRandom(3);
  const pieces = ['a', ',', '"', ' ', '""', '\n', ', ', 'é'];
  const word = () =>
    Array.from(
      { length: Math.floor(random() * 5) },
      () => pieces[Math.floor(random() * pieces.length)]
    ).join('');
  for (let round = 0; round < 500; round++) {
    const values = Array.from({ length: 1 + Math.floor(random() * 4) }, word);
    expect(valueFrom(typedOf(values), 'text', '$nin')).toEqual(values);
  }
});

it('another field takes its own usual operator, or the one that was chosen', () => {
  const fresh = { field: null, operator: '$contains' as const, value: undefined };
  expect(aboutField(fresh, 'category', 'text')).toMatchObject({ operator: '$eq' });
  expect(aboutField({ ...fresh, value: 'x' }, 'category', 'text').operator).toBe('$contains');
  expect(aboutField({ ...fresh, value: 'x' }, 'price', 'number').operator).toBe('$gte');
  expect(aboutField(fresh, 'sold', 'boolean').value).toBe(true);
});

it('one value becomes a list of it, and a list its first', () => {
  const one = { field: 'a', operator: '$eq' as const, value: 'x' };
  const many = withOperator(one, '$in');
  expect(many.value).toEqual(['x']);
  expect(withOperator(many, '$ne').value).toBe('x');
});

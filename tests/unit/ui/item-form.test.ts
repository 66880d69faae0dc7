import { expect, it } from 'vitest';
import type { Field, Fields } from '#lib/collection/types.ts';
import { formOf, readForm, valueOf } from '#lib/ui/item-form.ts';

const FIELDS: Field[] = [
  { name: 'title', type: 'text' },
  { name: 'price', type: 'number' },
  { name: 'sold', type: 'boolean' },
  { name: 'tags', type: 'list' }
];

it('an item comes out of its form as it went in', () => {
  const item: Fields = {
    title: 'Two\nlines',
    price: -2.5,
    sold: false,
    tags: ['a', 'b'],
    extra: 'x'
  };
  expect(readForm(formOf(FIELDS, item)).fields).toEqual(item);
  expect(readForm(formOf(FIELDS, {})).fields).toEqual({});
  const odd: Fields = { title: 5, price: '1e', sold: 'maybe', tags: ['a\nb', ' c '], note: '' };
  expect(readForm(formOf(FIELDS, odd)).fields).toEqual(odd);
  const form = formOf(FIELDS, { title: 'x', tags: ['a\nb'] }).map((field) =>
    field.name === 'title' ? { ...field, written: '' } : field
  );
  expect(readForm(form).fields).toEqual({ title: null, tags: ['a\nb'] });
});

it('what can’t be a value is told at its field, and nothing is read', () => {
  const form = formOf(FIELDS, {}).map((field) =>
    field.name === 'price' ? { ...field, written: 'ten' } : field
  );
  const { form: told, fields } = readForm(form);
  expect(fields).toBeNull();
  expect(told.map(({ fault }) => fault)).toEqual([null, 'This is no number.', null, null]);
});

it('a date has to be one that there is', () => {
  for (const date of ['2024-02-29', '2024-02-29T10:00:00Z', '2024', '2024-12']) {
    expect(valueOf(date, 'date')).toBe(date);
  }
  for (const date of ['2024-02-30', '2023-02-29', '2024-13-01', 'cheap', '1.2.2024']) {
    expect(() => valueOf(date, 'date')).toThrow('no such date');
  }
});

it('lines of a list are its elements', () => {
  expect(valueOf(' a \n\n b', 'list')).toEqual(['a', 'b']);
  expect(valueOf(' ', 'text')).toBeNull();
});

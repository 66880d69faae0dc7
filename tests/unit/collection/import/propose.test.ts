import { describe, expect, test } from 'vitest';
import { inferColumns } from '#lib/collection/import/columns.ts';
import {
  proposeIdField,
  proposeTemplate,
  proposeTitleField
} from '#lib/collection/import/propose.ts';
import type { Fields } from '#lib/collection/types.ts';
import { readText } from './helpers.ts';

function propose(records: Fields[]) {
  const columns = inferColumns(records);
  return {
    template: proposeTemplate(columns),
    id: proposeIdField(columns, records),
    title: proposeTitleField(columns)
  };
}

describe('proposals', () => {
  test('for a table of products', () => {
    const records: Fields[] = ['Pen', 'Ink', 'Paper'].map((title, i) => ({
      sku: `SKU-${i}`,
      title,
      short_description: `A ${title} for writing`,
      price: `${i}.50`,
      url: `https://example.com/${i}`,
      image: `/img/${i}.png`,
      added: `2024-01-0${i + 1}`,
      sold: 'true',
      zip: `0123${i}`,
      currency: 'EUR dollars',
      categories: ['a b', title]
    }));
    expect(propose(records)).toEqual({
      template: 'Title: {title}\nShort description: {short_description}\nCategories: {categories}',
      id: 'sku',
      title: 'title'
    });
  });

  test('a lone column of text is the template', () => {
    expect(
      propose([
        { id: 7, review: 'good pen' },
        { id: 8, review: 'bad pen' }
      ])
    ).toEqual({
      template: '{review}',
      id: 'id',
      title: 'review'
    });
  });

  test('labels of nested and camel-case names read as words', () => {
    const records = [
      { 'author.fullName': 'Ann Ulm', bodyText: 'some words' },
      { 'author.fullName': 'Bob Ems', bodyText: 'other words' }
    ];
    expect(propose(records).template).toBe(
      'Author full name: {author.fullName}\nBody text: {bodyText}'
    );
  });

  test('without any words all columns are taken', () => {
    expect(
      propose([
        { a: 1, b: 2 },
        { a: 3, b: 4 }
      ]).template
    ).toBe('A: {a}\nB: {b}');
  });

  test('of very many columns the longest texts are taken, in their order', () => {
    const record = (word: string) =>
      Object.fromEntries(
        Array.from({ length: 20 }, (_, i) => [`c${i}`, `${word} `.repeat(i % 2 ? 1 : 5)])
      );
    const { template } = propose([record('one'), record('two')]);
    const fields = [...template.matchAll(/\{(.*?)\}/g)].map((match) => match[1]);
    expect(fields).toEqual(['c0', 'c2', 'c4', 'c6', 'c8', 'c10', 'c12', 'c14']);
  });

  test.each([
    ['Pasted text', 'Only words here.', '{text}'],
    ['a.md', '# Title\nOnly words here.', '{heading}\n{text}']
  ])('for passages of %s', async (name, text, template) => {
    const { columns } = await readText(name, text);
    expect(proposeTemplate(columns)).toBe(template);
  });
});

describe('the id', () => {
  test.each([
    ['a missing one', [{ id: 'a1' }, { id: null }]],
    ['two the same', [{ id: 'a1' }, { id: 'a1' }]],
    ['numbers of no such name', [{ price: 1 }, { price: 2 }]],
    ['words', [{ name: 'Pen' }, { name: 'Ink' }]],
    ['a name that only ends so', [{ paid: 1 }, { paid: 2 }]]
  ])('is not proposed from %s', (_, records) => {
    expect(propose(records).id).toBeNull();
  });

  test.each(['id', '_id', 'ID', 'show_id', 'productId', 'author.id', 'UUID', 'code'])(
    'is found by the name %s',
    (name) => {
      expect(propose([{ [name]: 1 }, { [name]: 2 }]).id).toBe(name);
    }
  );

  test('is found by values that look like codes', () => {
    expect(propose([{ ticket: 'AB-12' }, { ticket: 'AB-13' }]).id).toBe('ticket');
  });
});

describe('the title', () => {
  test('is the first of short texts that differ when no name tells', () => {
    const records = ['Pen', 'Ink'].map((word) => ({
      kind: 'tool',
      long: `${word} `.repeat(80),
      thing: word
    }));
    expect(propose(records).title).toBe('thing');
  });

  test('is nothing when there are no texts', () => {
    expect(propose([{ a: 1 }, { a: 2 }]).title).toBeNull();
  });
});

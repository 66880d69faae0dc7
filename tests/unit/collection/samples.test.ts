import { beforeAll, describe, expect, it } from 'vitest';
import { SAMPLES } from '#lib/collection/samples.ts';
import { parseTemplate, unknownFields } from '#lib/collection/template.ts';
import { rankTexts, readSample, type ReadSample } from '../../support/samples.ts';

/** Every query of SAMPLES, and how the text it should find first begins. */
const FIRST_RESULTS: Record<string, string> = {
  'wireless headphones for a long flight': 'Wireless over-ear headphones',
  'feeding the cat automatically': 'Automatic cat feeder',
  'tomatoes on a balcony': 'Self-watering tomato planter',
  'waterprof boots for hiking': 'Waterproof hiking boots',
  'solar batteries for the city': 'Solar farms and batteries',
  'animals that sleep': 'Octopuses change colour in their sleep',
  'night trains along the coast': 'Night train returns to the coast line',
  'bees and honey': 'City harvests honey',
  'leaking lid': 'Lunch box: It leaked minestrone',
  'my back pain is gone': 'Standing desk: My back pain was gone',
  'dog hair everywhere': 'Robot vacuum cleaner: Handles dog hair',
  'noise cancelling on the train': 'Wireless over-ear headphones: The noise cancelling'
};

describe.each(SAMPLES)('the sample $name', ({ id }) => {
  let read: ReadSample;
  beforeAll(async () => {
    read = await readSample(id);
  });

  it('is read without an issue, and is large enough to search', () => {
    expect(read.records.issues).toEqual([]);
    expect(read.texts.length).toBeGreaterThanOrEqual(110);
  });

  it('says in its description how many items it has', () => {
    expect(read.sample.description).toContain(String(read.texts.length));
  });

  it('has a unique id and a text of its own for every item', () => {
    const { records } = read.records;
    expect(new Set(records.map((fields) => fields[read.sample.idField])).size).toBe(records.length);
    const titles = records.map((fields) => fields[read.sample.titleField]);
    expect(new Set(titles).size).toBe(records.length);
    expect(new Set(read.texts).size).toBe(records.length);
  });

  it('names in its template and title only fields it has, and every item has them all', () => {
    const { records, columns } = read.records;
    const template = parseTemplate(read.sample.template);
    expect(unknownFields(template, columns)).toEqual([]);
    for (const fields of records) {
      for (const { name } of columns) expect(fields[name], name).toBeTruthy();
    }
  });

  it('answers each proposed search with the item a person would expect', () => {
    for (const query of read.sample.queries) {
      expect(rankTexts(read, query)[0]!.text.startsWith(FIRST_RESULTS[query]!), query).toBe(true);
    }
  });
});

describe('the samples', () => {
  it('show lists, numbers and dates as such', async () => {
    const types = new Map<string, string>();
    for (const { id } of SAMPLES) {
      const { records } = await readSample(id);
      for (const { name, type } of records.columns) types.set(`${id}.${name}`, type);
    }
    expect(types.get('products.features')).toBe('list');
    expect(types.get('products.price')).toBe('number');
    expect(types.get('headlines.keywords')).toBe('list');
    expect(types.get('headlines.date')).toBe('date');
    expect(types.get('reviews.stars')).toBe('number');
    expect(types.get('reviews.sentiment')).toBe('text');
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { dot, norm } from '#lib/base/vector.ts';
import { createBuiltInProvider } from '#lib/embedding/providers/built-in.ts';
import { embedBuiltIn } from '#lib/embedding/providers/built-in/embed.ts';
import { BUILT_IN_DIMENSIONS } from '#lib/embedding/providers/built-in/features.ts';

const similarity = (a: string, b: string) => dot(embedBuiltIn(a), embedBuiltIn(b));

/** Texts on every path of the code, and the first 16 hexadecimal digits of their vectors' SHA-256. */
const GOLDEN: [text: string, digest: string][] = [
  ['', 'cb3d3d6051cf8aae'],
  [' \t\n', 'bbdb61ca60c92824'],
  ['?!…', '5bdfa1ba1a1bc29a'],
  ['Hello, World!', '12bdae500e330b26'],
  [
    'The quick brown fox jumps over the lazy dog, and the dog’s dog doesn’t mind.',
    '534d5d23c06bda5c'
  ],
  ['ＣＡＦÉ naïve ﬁancé ½ ①', '0abc8df3891e938a'],
  ['İstanbul ISPARTA ılık Straße Ærø ΣΟΦΟΣ', '501ace11108e233d'],
  ['東京で寿司を食べる。ﾊﾟｿｺﾝ', 'f6e3d271dfa173ac'],
  ['한국어 검색', '978cb6888d609efd'],
  ['👨‍👩‍👧‍👦 family 🎉🎉 👍🏽 1️⃣', '49001dba79ff258d'],
  ['lone \ud800 surrogates \udc00', 'f6b16d51b4078390'],
  ['كِتَابٌ هِنْدِيّ हिन्दी में खोज। ไทยไม่มีช่องว่าง', 'ad5f3ff61ab0f019'],
  ['abcdefghij'.repeat(10), '513566223c73f0e5'],
  ['Title: USB-C hub\nDescription: 7-in-1, 4K@60Hz', '6ef2b47a69a7ba55']
];

describe('the built-in embedder', () => {
  it.each(GOLDEN)('makes the same bits of %j for ever', (text, digest) => {
    const vector = embedBuiltIn(text);
    const bytes = new Uint8Array(vector.buffer);
    expect(createHash('sha256').update(bytes).digest('hex').slice(0, 16)).toBe(digest);
  });

  it('gives these values, should a digest ever need a closer look', () => {
    const values = [...embedBuiltIn('Hello, World!').entries()].filter(([, value]) => value !== 0);
    expect(values.slice(0, 4)).toEqual([
      [50, -0.1717531532049179],
      [58, -0.1717531532049179],
      [71, 0.3435063064098358],
      [76, -0.06412117183208466]
    ]);
  });

  it('makes vectors of length 1, even of texts without a word', () => {
    for (const [text] of GOLDEN) {
      const vector = embedBuiltIn(text);
      expect(vector).toHaveLength(BUILT_IN_DIMENSIONS);
      expect(norm(vector)).toBeCloseTo(1, 6);
    }
  });

  it('does not let a text depend on the one before', () => {
    const alone = embedBuiltIn('shoes');
    embedBuiltIn('a text that ends in 寿');
    expect(embedBuiltIn('shoes')).toEqual(alone);
  });

  it('ignores case, accents, width, punctuation and invisible characters', () => {
    for (const other of [
      'CAFE CREME',
      'Café, crème!',
      'ｃａｆｅ ｃｒｅｍｅ',
      'ca\u00adfe\u200b creme'
    ]) {
      expect(similarity('cafe creme', other)).toBeCloseTo(1, 6);
    }
  });

  it('finds inflections and misspellings similar', () => {
    expect(similarity('running shoes for runners', 'shoe for your run')).toBeGreaterThan(0.5);
    expect(similarity('wirless hedphones', 'wireless headphones')).toBeGreaterThan(0.3);
    expect(similarity('colour', 'color')).toBeGreaterThan(0.3);
  });

  it('knows two words that are also written as one', () => {
    expect(similarity('head phones', 'headphones')).toBeGreaterThan(0.5);
    expect(similarity('wi-fi', 'wifi')).toBeGreaterThan(0.3);
  });

  it('finds the same words in another order nearly the same, but not quite', () => {
    const turned = similarity('board game for children', 'children for game board');
    expect(turned).toBeGreaterThan(0.8);
    expect(turned).toBeLessThan(0.99);
  });

  it('lets words that only hold a sentence together weigh little', () => {
    const unrelated = similarity('the cat is on the mat', 'he is in the house with the dog');
    expect(unrelated).toBeLessThan(0.15);
  });

  it('counts a repeated word less than twice', () => {
    const once = similarity('tea', 'tea and coffee');
    const often = similarity('tea', 'tea tea tea tea and coffee');
    expect(often).toBeGreaterThan(once);
    expect(often).toBeLessThan(0.95);
  });

  it('matches scripts that put no spaces between words', () => {
    expect(similarity('東京で寿司を食べる', '東京の寿司屋')).toBeGreaterThan(0.3);
    expect(similarity('日本の天気', '東京の寿司屋')).toBeLessThan(0.15);
    expect(similarity('한국어 검색', '한국어로 검색하기')).toBeGreaterThan(0.3);
  });

  it('matches emoji', () => {
    expect(similarity('🎉', 'party 🎉')).toBeGreaterThan(0.1);
    expect(similarity('🎉', '🚀')).toBeLessThan(0.1);
  });
});

describe('the built-in provider', () => {
  it('answers in the order of the inputs, free of charge', async () => {
    const inputs = ['first', 'second', ''];
    const answer = await createBuiltInProvider().embed({ inputs, model: 'built-in' });
    expect(answer.tokens).toBe(0);
    expect(answer.dimensions).toBe(BUILT_IN_DIMENSIONS);
    expect(answer.vectors).toHaveLength(3 * BUILT_IN_DIMENSIONS);
    inputs.forEach((text, n) => {
      const from = n * BUILT_IN_DIMENSIONS;
      expect(answer.vectors.slice(from, from + BUILT_IN_DIMENSIONS)).toEqual(embedBuiltIn(text));
    });
  });

  it('hears an abort while it works', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort());
    const inputs = Array.from({ length: 256 }, () => 'a long text '.repeat(2000));
    const answer = createBuiltInProvider().embed({ inputs, model: 'built-in' }, controller.signal);
    await expect(answer).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('refuses another number of dimensions', async () => {
    const request = { inputs: ['text'], model: 'built-in', dimensions: 256 };
    await expect(createBuiltInProvider().embed(request)).rejects.toMatchObject({
      code: 'dimensions'
    });
  });
});

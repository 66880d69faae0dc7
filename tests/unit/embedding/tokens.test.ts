import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '#lib/embedding/tokens.ts';
import { seeded } from './fake-clock.ts';

const tokenizer = await loadTokenizer();

describe('counting tokens', () => {
  // Counts by OpenAI's tiktoken.
  it.each([
    ['', 0],
    ['hello world', 2],
    ['tiktoken is great!', 6],
    ['antidisestablishmentarianism', 6],
    ['2 + 2 = 4', 7],
    ['お誕生日おめでとう', 9]
  ])('counts %j as %i', (text, expected) => {
    expect(tokenizer.count(text)).toBe(expected);
  });

  it('takes special tokens in a text as plain text', () => {
    expect(tokenizer.count('a <|endoftext|> b')).toBeGreaterThan(5);
    expect(tokenizer.split('<|endoftext|><|fim_prefix|>', 100)).toEqual([
      '<|endoftext|><|fim_prefix|>'
    ]);
  });

  it.each(['a', '=', ' ', '日'])(
    'cuts an endless run of %j into stretches of linear cost',
    (character) => {
      const stretch = tokenizer.count(character.repeat(2000));
      expect(tokenizer.count(character.repeat(100_000))).toBe(50 * stretch);
    }
  );

  it('loads once', async () => {
    expect(await loadTokenizer()).toBe(tokenizer);
  });
});

describe('splitting by tokens', () => {
  const prose = 'The quick brown fox jumps over the lazy dog; it does so 1,234 times.\n\n'.repeat(
    60
  );
  const mixed = 'Größe 👩‍👩‍👧‍👦 日本語 e\u0301 \u{1F600}\uD83D end\ufeff\t\r\n  ';

  it.each([1, 2, 3, 7, 50, 8191])(
    'keeps every piece within %i tokens and loses nothing',
    (most) => {
      const pieces = tokenizer.split(prose, most);
      expect(pieces.join('')).toBe(prose);
      for (const piece of pieces) expect(tokenizer.count(piece)).toBeLessThanOrEqual(most);
    }
  );

  it('fills pieces rather than cutting often', () => {
    const pieces = tokenizer.split(prose, 100);
    expect(pieces.length).toBeLessThanOrEqual(Math.ceil(tokenizer.count(prose) / 97));
  });

  it('leaves a text within the limit as it is', () => {
    expect(tokenizer.split('hello world', 2)).toEqual(['hello world']);
    expect(tokenizer.split('', 2)).toEqual([]);
  });

  it('never cuts a character, even one of more tokens than the limit', () => {
    const pieces = tokenizer.split(mixed.repeat(20), 1);
    expect(pieces.join('')).toBe(mixed.repeat(20));
    for (const piece of pieces) {
      expect(tokenizer.count(piece) === 1 || [...piece].length === 1).toBe(true);
      expect(/^[\uDC00-\uDFFF]/.test(piece)).toBe(false);
    }
  });

  it('splits a run without any border', () => {
    const run = 'abcdefghij'.repeat(2000);
    const pieces = tokenizer.split(run, 500);
    expect(pieces.join('')).toBe(run);
    for (const piece of pieces) expect(tokenizer.count(piece)).toBeLessThanOrEqual(500);
  });

  it('holds for random texts of every script', () => {
    const random = seeded(7);
    const alphabet = [...'abcXYZ 01.,;\n\t-=éß日本👍\ufeff', '\u{1F600}', '  ', "'s"];
    for (let round = 0; round < 100; round++) {
      const length = Math.floor(random() * 300);
      const text = Array.from(
        { length },
        () => alphabet[Math.floor(random() * alphabet.length)]
      ).join('');
      const most = 4 + Math.floor(random() * 20);
      const pieces = tokenizer.split(text, most);
      expect(pieces.join('')).toBe(text);
      for (const piece of pieces) expect(tokenizer.count(piece)).toBeLessThanOrEqual(most);
    }
  });
});

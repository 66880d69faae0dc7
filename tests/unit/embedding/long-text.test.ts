import { expect, it } from 'vitest';
import { norm } from '#lib/base/vector.ts';
import { cutLongTexts, PartVectors } from '#lib/embedding/long-text.ts';
import type { RunUnit } from '#lib/embedding/run.ts';
import type { Tokenizer } from '#lib/embedding/types.ts';

/** A token is a character. */
const characters: Tokenizer = {
  count: (text) => text.length,
  split: (text, most) => text.match(new RegExp(`.{1,${most}}`, 'g')) ?? []
};

async function* units(...texts: string[]): AsyncGenerator<RunUnit> {
  for (const [n, text] of texts.entries())
    yield { hash: text, text, tokens: text.length, rows: [n] };
}

it('cuts texts over the limit and leaves others alone', async () => {
  const cut = cutLongTexts(units('abc', 'abcdefgh'), 3, async () => characters);
  const pieces = await Array.fromAsync(cut);
  expect(pieces.map(({ text, part, parts, tokens }) => [text, part, parts, tokens])).toEqual([
    ['abc', 0, 1, 3],
    ['abc', 0, 3, 3],
    ['def', 1, 3, 3],
    ['gh', 2, 3, 2]
  ]);
});

it('does not load the tokeniser while no text is long', async () => {
  const load = () => Promise.reject(new Error('loaded'));
  await expect(Array.fromAsync(cutLongTexts(units('abc'), 3, load))).resolves.toHaveLength(1);
  await expect(Array.fromAsync(cutLongTexts(units('abcd'), 3, load))).rejects.toThrow('loaded');
});

it('joins parts by their length, whatever order they arrive in', async () => {
  const [first, second] = await Array.fromAsync(
    cutLongTexts(units('abcd'), 3, async () => characters)
  );
  const parts = new PartVectors();
  expect(parts.add(second!, Float32Array.of(0, 1))).toBeUndefined();
  const joined = parts.add(first!, Float32Array.of(1, 0))!;
  expect(joined[0]! / joined[1]!).toBeCloseTo(3, 5);
  expect(norm(joined)).toBeCloseTo(1, 6);
});

it('keeps its own copy of a part', async () => {
  const [first, second] = await Array.fromAsync(
    cutLongTexts(units('abcdef'), 3, async () => characters)
  );
  const parts = new PartVectors();
  const answer = Float32Array.of(1, 0);
  parts.add(first!, answer);
  answer.fill(0);
  expect([...parts.add(second!, Float32Array.of(1, 0))!]).toEqual([1, 0]);
});

it('starts again after a text was dropped', async () => {
  const [first, second] = await Array.fromAsync(
    cutLongTexts(units('abcdef'), 3, async () => characters)
  );
  const parts = new PartVectors();
  parts.add(first!, Float32Array.of(1, 0));
  parts.drop(first!.unit);
  expect(parts.add(second!, Float32Array.of(1, 0))).toBeUndefined();
});

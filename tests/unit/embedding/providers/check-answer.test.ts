import { afterEach, describe, expect, it, vi } from 'vitest';
import { norm } from '#lib/base/vector.ts';
import { checkAnswer } from '#lib/embedding/providers/check-answer.ts';
import { decodeVector } from '#lib/embedding/providers/decode-vector.ts';

function base64(...values: number[]): string {
  return Buffer.from(Float32Array.from(values).buffer).toString('base64');
}

function entry(index: unknown, embedding: unknown = [1, 2]) {
  return { object: 'embedding', index, embedding };
}

describe('checkAnswer', () => {
  it('puts vectors in the order of their inputs and normalises them', () => {
    const data = [entry(1, base64(0, 5)), entry(0, base64(3, 4))];
    const answer = checkAnswer({ data, usage: { prompt_tokens: 7, total_tokens: 7 } }, 2);
    expect(answer.dimensions).toBe(2);
    expect(answer.tokens).toBe(7);
    [0.6, 0.8, 0, 1].forEach((value, i) => expect(answer.vectors[i]).toBeCloseTo(value, 6));
    expect(norm(answer.vectors.subarray(0, 2))).toBeCloseTo(1, 6);
  });

  it('takes plain numbers as well', () => {
    expect([...checkAnswer({ data: [entry(0, [0, 2])] }, 1).vectors]).toEqual([0, 1]);
  });

  it.each([
    [undefined],
    [null],
    [{}],
    [{ total_tokens: 'many' }],
    [{ total_tokens: NaN }],
    [{ total_tokens: -3 }]
  ])('counts no tokens when usage is %j', (usage) => {
    expect(checkAnswer({ data: [entry(0)], usage }, 1).tokens).toBe(0);
  });

  it('takes the tokens of servers that only count the prompt', () => {
    expect(checkAnswer({ data: [entry(0)], usage: { prompt_tokens: 4 } }, 1).tokens).toBe(4);
  });

  const nan = base64(1, NaN);
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'no list of vectors'],
    ['a page', '<html>', 'no list of vectors'],
    ['no data', { error: 'x' }, 'no list of vectors'],
    ['too few', { data: [entry(0)] }, '1 vectors for 2 texts'],
    ['too many', { data: [entry(0), entry(1), entry(2)] }, '3 vectors for 2 texts'],
    ['no index', { data: [entry(undefined), entry(1)] }, 'which text it belongs to'],
    ['an index beyond', { data: [entry(0), entry(2)] }, 'which text it belongs to'],
    ['a broken index', { data: [entry(0), entry(0.5)] }, 'which text it belongs to'],
    ['an index twice', { data: [entry(1), entry(1)] }, 'two vectors belong to text 2'],
    ['null', { data: [null, entry(1)] }, 'which text it belongs to'],
    ['no vector', { data: [entry(0, null), entry(1)] }, "vector 1 can't be read"],
    ['an empty vector', { data: [entry(0, []), entry(1)] }, "vector 1 can't be read"],
    ['texts for numbers', { data: [entry(0, ['1', '2']), entry(1)] }, "vector 1 can't be read"],
    ['null for a number', { data: [entry(0, [1, null]), entry(1)] }, "vector 1 can't be read"],
    ['broken base64', { data: [entry(0, '%%%'), entry(1)] }, "vector 1 can't be read"],
    [
      'cut base64',
      { data: [entry(0, base64(1, 2).slice(0, 4)), entry(1)] },
      "vector 1 can't be read"
    ],
    ['different lengths', { data: [entry(0), entry(1, [1, 2, 3])] }, 'differ in their dimensions'],
    ['NaN', { data: [entry(0), entry(1, nan)] }, 'vector 2 holds a value that is no number'],
    [
      'infinity',
      { data: [entry(0), entry(1, [1e300, 1])] },
      'vector 2 holds a value that is no number'
    ],
    ['zero', { data: [entry(0), entry(1, [0, 0])] }, 'vector 2 is zero']
  ])('refuses %s', (_, body, message) => {
    expect(() => checkAnswer(body, 2)).toThrow(
      expect.objectContaining({ code: 'malformed', message: expect.stringContaining(message) })
    );
  });

  it('tells a server that ignores the dimensions asked for from one that is confused', () => {
    const data = [entry(0, [1, 2, 3]), entry(1, [1, 2, 3])];
    expect(checkAnswer({ data }, 2, 3).dimensions).toBe(3);
    expect(() => checkAnswer({ data }, 2, 2)).toThrow(
      expect.objectContaining({ code: 'dimensions' })
    );
  });
});

describe('decodeVector', () => {
  afterEach(() => void vi.unstubAllGlobals());

  it.each([
    ['with', (text: string) => new Uint8Array(Buffer.from(text, 'base64'))],
    ['without', undefined]
  ])("decodes %s the browser's own decoder", (_, decoder) => {
    const own = vi.fn(decoder);
    const fromBase64 = decoder && own;
    vi.stubGlobal('Uint8Array', Object.assign(class extends Uint8Array {}, { fromBase64 }));
    expect(decodeVector(base64(0.1, -2.5, 3e-20))).toEqual(Float32Array.of(0.1, -2.5, 3e-20));
    expect(own).toHaveBeenCalledTimes(decoder ? 1 : 0);
  });
});

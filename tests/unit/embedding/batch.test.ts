import { expect, it } from 'vitest';
import { packRequests } from '#lib/embedding/batch.ts';
import { seeded } from './fake-clock.ts';

async function pack(
  tokens: number[],
  maxInputs: number,
  maxRequestTokens: number
): Promise<number[][]> {
  const inputs = tokens.map((count) => ({ text: '', tokens: count }));
  const requests = await Array.fromAsync(packRequests(inputs, { maxInputs, maxRequestTokens }));
  return requests.map((request) => request.map((input) => input.tokens));
}

it('fills a request up to its number of inputs', async () => {
  expect(await pack([1, 1, 1, 1, 1], 2, 100)).toEqual([[1, 1], [1, 1], [1]]);
});

it('fills a request up to its number of tokens', async () => {
  expect(await pack([4, 6, 1, 10, 3], 100, 10)).toEqual([[4, 6], [1], [10], [3]]);
});

it('lets an input over the limit travel alone', async () => {
  expect(await pack([2, 50, 2], 100, 10)).toEqual([[2], [50], [2]]);
});

it('makes no request of nothing', async () => {
  expect(await pack([], 10, 10)).toEqual([]);
});

it('takes no more inputs than the request at hand needs', async () => {
  let taken = 0;
  function* inputs() {
    for (; ; taken++) yield { text: '', tokens: 1 };
  }
  const requests = packRequests(inputs(), { maxInputs: 3, maxRequestTokens: 10 });
  await requests.next();
  expect(taken).toBe(3);
});

it('keeps the order and both limits for any inputs', async () => {
  const random = seeded(1);
  for (let round = 0; round < 50; round++) {
    const tokens = Array.from({ length: 200 }, () => 1 + Math.floor(random() * 30));
    const requests = await pack(tokens, 8, 60);
    expect(requests.flat()).toEqual(tokens);
    for (const request of requests) {
      expect(request.length).toBeLessThanOrEqual(8);
      expect(request.reduce((a, b) => a + b)).toBeLessThanOrEqual(60);
    }
  }
});

it('fills a request up to its bytes as JSON, where there is a limit', async () => {
  const inputs = ['aaaa', 'b', '\n\n', 'é', 'x'.repeat(40), 'c'].map((text) => ({
    text,
    tokens: 1
  }));
  const limits = { maxInputs: 100, maxRequestTokens: 100, maxRequestBytes: 12 };
  const requests = await Array.fromAsync(packRequests(inputs, limits));
  // "aaaa", is 7 bytes, "b", 4, "\\n\\n", 7, "é", 5.
  expect(requests.map((request) => request.map(({ text }) => text))).toEqual([
    ['aaaa', 'b'],
    ['\n\n', 'é'],
    ['x'.repeat(40)],
    ['c']
  ]);
});

import { beforeEach, expect, test } from 'vitest';
import { dot } from '#lib/base/vector.ts';
import { getSpent } from '#lib/collection/store/runs.ts';
import { embedText } from '../../support/openai-server/vectors.ts';
import { freshDatabase } from '../store/support.ts';
import { makeEmbedding, manyTexts, NEVER, NO_PROGRESS, stageTexts, standIn } from './support.ts';

const server = standIn('queries');
beforeEach(() => server.reset());

const vectorAt = (vectors: Float32Array, n: number) => vectors.subarray(n * 1536, (n + 1) * 1536);

test('many texts are bought in as few requests as fit, each text once, and then come from the cache', async () => {
  const db = await freshDatabase();
  const api = makeEmbedding(db, server.baseUrl);
  const texts = Array.from({ length: 150 }, (_, n) => `label ${n % 100}`);
  const bought = await api.embedTexts(texts, server.space, NEVER);
  expect(bought).toMatchObject({ cached: 0 });
  const sent = await server.texts();
  expect(sent.sort()).toEqual([...new Set(texts)].sort());
  expect((await server.requests()).length).toBe(2);
  const { model, dimensions } = server.space;
  for (const n of [0, 7, 107, 149]) {
    const expected = embedText(model, texts[n]!, dimensions);
    expect(dot(vectorAt(bought.vectors, n), expected)).toBeCloseTo(1, 4);
  }
  expect((await getSpent(db)).tokens).toBe(bought.tokens);
  const again = await api.embedTexts([...texts, 'one more'], server.space, NEVER);
  expect(again.cached).toBe(150);
  expect((await server.texts()).at(-1)).toBe('one more');
});

test('a text over the model’s limit is embedded in parts, averaged by their length', async () => {
  const db = await freshDatabase();
  const api = makeEmbedding(db, server.baseUrl);
  const long = 'a long tale of the sea '.repeat(2000);
  const { vectors, tokens } = await api.embedTexts([long, 'short'], server.space, NEVER);
  const sent = await server.texts();
  expect(sent.length).toBeGreaterThan(2);
  expect(sent.filter((text) => text !== 'short').join('')).toBe(long);
  expect(tokens).toBeGreaterThan(8191);
  const { model, dimensions } = server.space;
  expect(
    dot(vectorAt(vectors, 0), embedText(model, 'a long tale of the sea', dimensions))
  ).toBeGreaterThan(0.9);
  expect(await api.embedQuery(long, server.space, NEVER)).toMatchObject({ cached: true });
});

test('what texts would buy is told before: the tokens of those not kept, each once', async () => {
  const api = makeEmbedding(await freshDatabase(), server.baseUrl);
  const { space } = server;
  expect(await api.tokensToBuy(['good', 'good', 'wonderful and quiet'], space)).toBe(6);
  const bought = await api.embedTexts(['wonderful and quiet'], space, NEVER);
  expect(bought.tokens).toBe(5);
  expect(await api.tokensToBuy(['good', 'wonderful and quiet'], space)).toBe(1);
  expect(await api.tokensToBuy([], space)).toBe(0);
});

test('what a collection of the same space holds is not bought again, and costs nothing', async () => {
  const db = await freshDatabase();
  const texts = manyTexts(5);
  const id = await stageTexts(db, texts, server.space);
  const api = makeEmbedding(db, server.baseUrl);
  await api.run(id, false, NO_PROGRESS);
  await server.reset();
  const history = [texts[3]!, texts[1]!, 'something new'];
  expect(await api.tokensToBuy(history, server.space)).toBe(2);
  const { vectors, cached } = await api.embedTexts(history, server.space, NEVER);
  expect(cached).toBe(2);
  expect(await server.texts()).toEqual(['something new']);
  const { model, dimensions } = server.space;
  history.forEach((text, n) =>
    expect(dot(vectorAt(vectors, n), embedText(model, text, dimensions))).toBeCloseTo(1, 4)
  );
});

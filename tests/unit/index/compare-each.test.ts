import { describe, expect, it } from 'vitest';
import { dot } from '#lib/base/vector.ts';
import { compareEach, groupMeans } from '#lib/index/compare-each.ts';
import { Engine } from '#lib/index/engine.ts';
import { loadKernel } from '#lib/index/kernel/load.ts';
import { pairSimilarities } from '#lib/index/pair-similarities.ts';
import { NO_ROW } from '#lib/index/types.ts';
import { vote } from '#lib/tasks/classify/vote.ts';
import { clusteredVectors, vectorAt } from '../../support/vectors.ts';

const DIMENSIONS = 20;
const COUNT = 700;
const vectors = clusteredVectors(COUNT, DIMENSIONS);
const at = (row: number) => vectorAt(vectors, row, DIMENSIONS);

async function openEngine(): Promise<Engine> {
  const engine = Engine.open(DIMENSIONS, { kernel: await loadKernel('javascript') });
  for (let from = 0; from < COUNT; from += 300) {
    const rows = Array.from({ length: Math.min(300, COUNT - from) }, (_, n) => from + n);
    const part = vectors.slice(from * DIMENSIONS, (from + rows.length) * DIMENSIONS);
    engine.add({ rows, vectors: part });
  }
  return engine;
}

describe('comparing many rows with some questions', () => {
  it('gives every row’s similarity to each, in the order asked, and tells how far it is', async () => {
    const { table } = await openEngine();
    const rows = Uint32Array.from({ length: 600 }, (_, n) => (n * 37) % COUNT);
    const questions = Float32Array.from([...at(5), ...at(9)]);
    const heard: number[] = [];
    const similarities = await compareEach(table, questions, rows, (done) => heard.push(done));
    expect(similarities).toHaveLength(1200);
    rows.forEach((row, n) => {
      expect(similarities[2 * n]).toBeCloseTo(dot(at(row), at(5)), 5);
      expect(similarities[2 * n + 1]).toBeCloseTo(dot(at(row), at(9)), 5);
    });
    expect(heard).toEqual([512, 600]);
  });

  it('ends when it is cancelled', async () => {
    const { table } = await openEngine();
    const rows = Uint32Array.from({ length: COUNT }, (_, n) => n);
    const stopped = new AbortController();
    const comparing = compareEach(table, at(0), rows, () => stopped.abort(), stopped.signal);
    await expect(comparing).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('the mean of each group', () => {
  it('is of length one, and zero for a group of none', async () => {
    const { table } = await openEngine();
    const means = await groupMeans(table, [[3], [1, 2], []]);
    at(3).forEach((value, d) => expect(means[d]).toBeCloseTo(value, 5));
    const sum = Array.from(at(1), (value, d) => value + at(2)[d]!);
    const length = Math.hypot(...sum);
    sum.forEach((value, d) => expect(means[DIMENSIONS + d]).toBeCloseTo(value / length, 5));
    expect([...means.subarray(2 * DIMENSIONS)]).toEqual(Array(DIMENSIONS).fill(0));
  });
});

describe('similarities of pairs', () => {
  it('rise, and are those of an even sample of the live rows', async () => {
    const engine = await openEngine();
    engine.remove([0, 1, 2]);
    const pairs = await pairSimilarities(engine.table);
    expect(pairs).toHaveLength((256 * 255) / 2);
    expect(pairs.every((value, n) => n === 0 || value >= pairs[n - 1]!)).toBe(true);
  });

  it('are none where there is but one item', async () => {
    const engine = Engine.open(DIMENSIONS, { kernel: await loadKernel('javascript') });
    engine.add({ rows: [0], vectors: at(0).slice() });
    expect(await pairSimilarities(engine.table)).toHaveLength(0);
  });
});

it('k nearest neighbours, leaving each item out, equal brute force', async () => {
  const engine = await openEngine();
  const labelOf = (row: number) => (row === NO_ROW ? -1 : row % 4);
  const rows = Uint32Array.from({ length: COUNT }, (_, n) => n);
  const labelled = rows.filter((row) => row % 3 !== 0);
  const allowed = new Uint8Array(COUNT / 8 + 1);
  for (const row of labelled) allowed[row >> 3]! |= 1 << (row & 7);
  const query = { questions: rows, k: 7, allowed, precision: 'float32' } as const;
  const shares = vote(await engine.searchMany(query), 4, labelOf);
  for (let row = 0; row < COUNT; row += 11) {
    const near = [...labelled]
      .filter((other) => other !== row)
      .map((other) => ({ other, similarity: dot(at(row), at(other)) }))
      .sort((a, b) => b.similarity - a.similarity || a.other - b.other)
      .slice(0, 7);
    const weights = [0, 0, 0, 0];
    for (const { other, similarity } of near) weights[labelOf(other)]! += Math.max(0, similarity);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    weights.forEach((weight, label) =>
      expect(shares[row * 4 + label]).toBeCloseTo(weight / sum, 4)
    );
  }
});

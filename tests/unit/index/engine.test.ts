import { describe, expect, test } from 'vitest';
import { Engine, type GraphPort } from '#lib/index/engine.ts';
import { bruteForce, clusteredVectors, vectorAt } from '../../support/vectors.ts';

// Not a multiple of four, so that the unrolled loop has a rest.
const DIMENSIONS = 13;
const COUNT = 500;
const vectors = clusteredVectors(COUNT, DIMENSIONS);
const query = (n: number) => vectorAt(vectors, n, DIMENSIONS);

/** An engine with all vectors, in two batches whose rows are interleaved. */
function filledEngine(graph?: GraphPort): Engine {
  const engine = Engine.open(DIMENSIONS, graph);
  for (const parity of [1, 0]) {
    const rows = Array.from({ length: COUNT / 2 }, (_, i) => 2 * i + parity);
    const batch = new Float32Array(rows.length * DIMENSIONS);
    rows.forEach((row, i) => batch.set(query(row), i * DIMENSIONS));
    engine.add({ rows, vectors: batch });
  }
  return engine;
}

/** A graph that is ready and answers with the rows given. */
function graphThatFinds(rows: number[] | undefined): GraphPort {
  return {
    status: () => ({ state: 'ready', rows: COUNT, total: COUNT, origin: 'built' }),
    search: () => Promise.resolve(rows)
  };
}

const bitmap = (allowed: (row: number) => boolean, rows = COUNT) =>
  Uint8Array.from({ length: Math.ceil(rows / 8) }, (_, byte) =>
    [0, 1, 2, 3, 4, 5, 6, 7].reduce(
      (bits, bit) => bits | (Number(allowed(8 * byte + bit)) << bit),
      0
    )
  );

describe('exact search', () => {
  test('finds what sorting all similarities finds', async () => {
    const engine = filledEngine();
    for (let n = 0; n < 50; n++) {
      const { rows, plan } = await engine.search({ vector: query(n), k: 10, method: 'exact' });
      expect([...rows]).toEqual(bruteForce(vectors, query(n), 10));
      expect(plan).toMatchObject({ method: 'exact', compared: COUNT, rows: COUNT });
    }
  });

  test('gives similarities within [-1, 1], falling, a vector being 1 to itself', async () => {
    const { similarities } = await filledEngine().search({
      vector: query(3),
      k: COUNT,
      method: 'exact'
    });
    expect(similarities).toHaveLength(COUNT);
    expect(similarities[0]).toBeCloseTo(1, 6);
    for (let i = 1; i < COUNT; i++)
      expect(similarities[i]).toBeLessThanOrEqual(similarities[i - 1]!);
    expect(Math.max(...similarities)).toBeLessThanOrEqual(1);
  });

  test('orders equal vectors by row', async () => {
    const engine = Engine.open(2);
    engine.add({ rows: [5, 9], vectors: Float32Array.of(1, 0, 1, 0) });
    engine.add({ rows: [2, 7], vectors: Float32Array.of(1, 0, 0, 1) });
    const { rows } = await engine.search({ vector: Float32Array.of(1, 0), k: 2, method: 'exact' });
    expect([...rows]).toEqual([2, 5]);
  });

  test('finds only allowed rows, however short the bitmap is', async () => {
    const engine = filledEngine();
    const even = (row: number) => row % 2 === 0;
    const all = await engine.search({
      vector: query(1),
      k: 10,
      method: 'exact',
      allowed: bitmap(even)
    });
    expect([...all.rows]).toEqual(bruteForce(vectors, query(1), 10, even));
    const few = await engine.search({
      vector: query(1),
      k: 10,
      method: 'exact',
      allowed: Uint8Array.of(6)
    });
    expect([...few.rows].sort()).toEqual([1, 2]);
    expect(few.plan).toMatchObject({ rows: 2, compared: 2 });
  });

  test('of an empty collection finds nothing', async () => {
    const { rows } = await Engine.open(2).search({
      vector: Float32Array.of(1, 0),
      k: 5,
      method: 'automatic'
    });
    expect(rows).toHaveLength(0);
  });
});

describe('removed rows', () => {
  test('are not found until they are restored', async () => {
    const engine = filledEngine();
    engine.remove([4, 5]);
    const without = await engine.search({ vector: query(4), k: COUNT, method: 'exact' });
    expect(without.rows).toHaveLength(COUNT - 2);
    expect(without.rows).not.toContain(4);
    engine.restore([4]);
    const back = await engine.search({ vector: query(4), k: 1, method: 'exact' });
    expect([...back.rows]).toEqual([4]);
    expect(engine.rows).toBe(COUNT - 1);
  });

  test('stay removed when their vector comes later', async () => {
    const engine = Engine.open(2);
    engine.remove([3]);
    engine.add({ rows: [3, 4], vectors: Float32Array.of(1, 0, 0, 1) });
    const { rows } = await engine.search({ vector: Float32Array.of(1, 0), k: 5, method: 'exact' });
    expect([...rows]).toEqual([4]);
  });
});

describe('with a graph', () => {
  test('the order and the similarities come from the vectors, not from the graph', async () => {
    const truth = bruteForce(vectors, query(8), 5);
    const engine = filledEngine(graphThatFinds([...truth].reverse()));
    const exact = await engine.search({ vector: query(8), k: 5, method: 'exact' });
    const found = await engine.search({ vector: query(8), k: 5, method: 'hnsw' });
    expect(found.plan).toMatchObject({ method: 'hnsw', compared: null });
    expect(found.rows).toEqual(exact.rows);
    expect(found.similarities).toEqual(exact.similarities);
  });

  test.each([
    ['too few rows', [1, 2], 'The graph found too few.'],
    ['dead and unknown rows', [0, 1, 2, 3, 9999], 'The graph found too few.'],
    ['no answer', undefined, 'The graph did not answer.']
  ])('that gives %s, the answer is exact and complete', async (_, rows, reason) => {
    const engine = filledEngine(graphThatFinds(rows));
    engine.remove([0]);
    const found = await engine.search({ vector: query(8), k: 5, method: 'hnsw' });
    expect(found.plan).toMatchObject({ method: 'exact', reason });
    expect([...found.rows]).toEqual(bruteForce(vectors, query(8), 5, (row) => row !== 0));
  });
});

test('a query that cannot be compared is refused', async () => {
  const engine = filledEngine();
  const search = (vector: Float32Array) => engine.search({ vector, k: 1, method: 'exact' });
  await expect(search(new Float32Array(3))).rejects.toMatchObject({ code: 'wrong-dimensions' });
  await expect(search(new Float32Array(DIMENSIONS))).rejects.toMatchObject({ code: 'bad-vector' });
});

test('a batch that does not fit is refused whole', () => {
  const engine = filledEngine();
  const add = (rows: number[], values: number) => () =>
    engine.add({ rows, vectors: new Float32Array(values) });
  expect(add([1000], 3)).toThrow(expect.objectContaining({ code: 'wrong-dimensions' }));
  expect(add([1000, 4], 2 * DIMENSIONS)).toThrow(expect.objectContaining({ code: 'row-twice' }));
  expect(engine.rows).toBe(COUNT);
  expect(() => engine.vectorsOf([1000])).toThrow(expect.objectContaining({ code: 'no-vector' }));
});

test('vectors are given back as they came', () => {
  const engine = filledEngine();
  const two = engine.vectorsOf([7, 2]);
  expect(two.subarray(0, DIMENSIONS)).toEqual(query(7));
  expect(two.subarray(DIMENSIONS)).toEqual(query(2));
});

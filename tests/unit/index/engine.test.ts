import { describe, expect, test } from 'vitest';
import { encodeVectors } from '#lib/base/codes.ts';
import { Engine, type EngineParts, type Found } from '#lib/index/engine.ts';
import type { GraphPort } from '#lib/index/graph-port.ts';
import { loadKernel } from '#lib/index/kernel/load.ts';
import type { GraphStatus } from '#lib/index/types.ts';
import { seededRandom } from '../../support/random.ts';
import { bruteForce, clusteredVectors, vectorAt } from '../../support/vectors.ts';

// Not a multiple of four or sixteen, so that every stride has a rest.
const DIMENSIONS = 13;
const COUNT = 500;
const vectors = clusteredVectors(COUNT, DIMENSIONS);
const query = (n: number) => vectorAt(vectors, n, DIMENSIONS);

/** The rows of a parity, and their vectors. */
function half(parity: number) {
  const rows = Array.from({ length: COUNT / 2 }, (_, i) => 2 * i + parity);
  const batch = new Float32Array(rows.length * DIMENSIONS);
  rows.forEach((row, i) => batch.set(query(row), i * DIMENSIONS));
  return { rows, vectors: batch };
}

/** An engine with all vectors, in two batches whose rows are interleaved. */
async function filledEngine(parts: Partial<EngineParts> = {}): Promise<Engine> {
  const engine = Engine.open(DIMENSIONS, { kernel: await loadKernel(), ...parts });
  for (const parity of [1, 0]) engine.add(half(parity));
  engine.tuning = { efSearch: 10, oversampling: 1, recall: 1 };
  return engine;
}

/** An engine that holds codes only, and reads vectors as from a store. */
async function engineOfCodes(parts: Partial<EngineParts> = {}): Promise<Engine> {
  const source = {
    read: (rows: ArrayLike<number>) =>
      Promise.resolve(Float32Array.from(Array.from(rows).flatMap((row) => [...query(row)])))
  };
  const engine = Engine.open(DIMENSIONS, { kernel: await loadKernel(), source, ...parts });
  for (const parity of [1, 0]) {
    const { rows, vectors } = half(parity);
    engine.add({ rows, codes: encodeVectors(vectors, DIMENSIONS) });
  }
  return engine;
}

/** A graph that is ready, knows these rows and answers with the rows given. */
function graphThatFinds(
  rows: number[] | undefined,
  known: Uint8Array = bitmap(() => true)
): GraphPort {
  const status: GraphStatus = { state: 'ready', rows: COUNT, total: COUNT, origin: 'built', known };
  return { status: () => status, search: () => Promise.resolve(rows && { rows, compared: 7 }) };
}

const bitmap = (allowed: (row: number) => boolean, rows = COUNT) =>
  Uint8Array.from({ length: Math.ceil(rows / 8) }, (_, byte) =>
    [0, 1, 2, 3, 4, 5, 6, 7].reduce(
      (bits, bit) => bits | (Number(allowed(8 * byte + bit)) << bit),
      0
    )
  );

describe.each([
  ['vectors', filledEngine],
  [
    'vectors and codes',
    async () => {
      const engine = await filledEngine();
      await engine.encode();
      return engine;
    }
  ],
  ['codes', engineOfCodes]
])('exact search over %s', (_, open) => {
  test('finds what sorting all similarities finds', async () => {
    const engine = await open();
    for (let n = 0; n < 50; n++) {
      for (const precision of [undefined, 'int8'] as const) {
        const asked = { vector: query(n), k: 10, method: 'exact', precision } as const;
        const { rows, plan, provisional } = await engine.search(asked);
        expect([...rows]).toEqual(bruteForce(vectors, query(n), 10));
        expect(plan).toMatchObject({ method: 'exact', compared: COUNT, rows: COUNT });
        expect(provisional).toBe(false);
      }
    }
  });

  test('gives similarities within [-1, 1], falling, a vector being 1 to itself', async () => {
    const engine = await open();
    const { similarities } = await engine.search({ vector: query(3), k: COUNT, method: 'exact' });
    expect(similarities).toHaveLength(COUNT);
    expect(similarities[0]).toBeCloseTo(1, 6);
    for (let i = 1; i < COUNT; i++)
      expect(similarities[i]).toBeLessThanOrEqual(similarities[i - 1]!);
    expect(Math.max(...similarities)).toBeLessThanOrEqual(1);
  });

  test('finds only allowed rows, completely, however few and however short the bitmap', async () => {
    const engine = await open();
    const random = seededRandom(7);
    for (const share of [0.5, 0.1, 0.01, 0]) {
      const some = new Set([...vectors.keys()].filter((row) => row < COUNT && random() < share));
      const allowed = bitmap((row) => some.has(row));
      const found = await engine.search({ vector: query(1), k: 10, method: 'automatic', allowed });
      const truth = bruteForce(vectors, query(1), 10, (row) => some.has(row));
      expect([...found.rows]).toEqual(truth);
    }
    const few = { vector: query(1), k: 10, method: 'exact', allowed: Uint8Array.of(6) } as const;
    const { rows, plan } = await engine.search(few);
    expect([...rows].sort()).toEqual([1, 2]);
    expect(plan).toMatchObject({ rows: 2, compared: 2 });
    expect(plan.steps.map(({ name }) => name)).toEqual(['filter', 'scan', 're-score']);
  });

  test('tells how it would answer before it is asked', async () => {
    const engine = await open();
    const { method, precision, expected } = engine.outlook(10);
    const { plan } = await engine.search({ vector: query(1), k: 10, method: 'automatic' });
    expect(plan).toMatchObject({ method, precision });
    expect(expected).toContainEqual({ method, precision, ms: expect.any(Number) });
  });

  test('gives the vectors as they were', async () => {
    const engine = await open();
    const two = await engine.table.read([7, 2]);
    expect(two.subarray(0, DIMENSIONS)).toEqual(query(7));
    expect(two.subarray(DIMENSIONS)).toEqual(query(2));
    const { rows, vectors } = await engine.search({ vector: query(9), k: 3, method: 'exact' });
    rows.forEach((row, n) => expect(vectorAt(vectors, n, DIMENSIONS)).toEqual(query(row)));
  });

  test('many questions at once get the answers each would get alone', async () => {
    const engine = await open();
    engine.remove([3, 8]);
    const allowed = bitmap((row) => row % 3 !== 0);
    const asking = Uint32Array.from({ length: 150 }, (_, n) => n);
    for (const precision of ['float32', 'int8'] as const) {
      const batch = { questions: asking, k: 5, allowed, precision };
      const { rows } = await engine.searchMany(batch);
      for (let n = 0; n < asking.length; n++) {
        const alone = await engine.search({ vector: query(n), k: 6, method: 'exact', allowed });
        const others = [...alone.rows].filter((row) => row !== n).slice(0, 5);
        const found = [...rows.subarray(5 * n, 5 * n + 5)];
        if (precision === 'float32' || engine.table.resident) expect(found).toEqual(others);
        // Codes alone may order near ties otherwise.
        else expect(found.filter((row) => others.includes(row)).length).toBeGreaterThan(2);
      }
    }
  });
});

test('equal vectors are ordered by row', async () => {
  const engine = Engine.open(2, { kernel: await loadKernel() });
  engine.add({ rows: [5, 9], vectors: Float32Array.of(1, 0, 1, 0) });
  engine.add({ rows: [2, 7], vectors: Float32Array.of(1, 0, 0, 1) });
  const { rows } = await engine.search({ vector: Float32Array.of(1, 0), k: 2, method: 'exact' });
  expect([...rows]).toEqual([2, 5]);
});

test('an empty collection has no neighbours', async () => {
  const engine = Engine.open(2, { kernel: await loadKernel() });
  const asked = { vector: Float32Array.of(1, 0), k: 5, method: 'automatic' } as const;
  expect((await engine.search(asked)).rows).toHaveLength(0);
});

describe('a first answer', () => {
  test('comes from the codes, near to what the vectors say, and before they are read', async () => {
    const engine = await engineOfCodes();
    const firsts: Found[] = [];
    const final = await engine.search({ vector: query(4), k: 5, method: 'exact' }, (first) =>
      firsts.push(first)
    );
    expect(firsts).toHaveLength(1);
    const [first] = firsts;
    expect(first!.provisional).toBe(true);
    expect([...first!.rows]).toEqual([...final.rows]);
    final.similarities.forEach((similarity, n) =>
      expect(first!.similarities[n]).toBeCloseTo(similarity, 1)
    );
    expect(first!.plan.steps.map(({ name }) => name)).toEqual(['scan']);
  });

  test('is left out where the vectors are in memory', async () => {
    const engine = await filledEngine();
    const fail = () => expect.unreachable();
    await engine.search({ vector: query(4), k: 5, method: 'exact' }, fail);
  });
});

describe('removed rows', () => {
  test('are not found until they are restored', async () => {
    const engine = await filledEngine();
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
    const engine = Engine.open(2, { kernel: await loadKernel() });
    engine.remove([3]);
    engine.add({ rows: [3, 4], vectors: Float32Array.of(1, 0, 0, 1) });
    const { rows } = await engine.search({ vector: Float32Array.of(1, 0), k: 5, method: 'exact' });
    expect([...rows]).toEqual([4]);
  });
});

describe('with a graph', () => {
  test('the order and the similarities come from the vectors, not from the graph', async () => {
    const truth = bruteForce(vectors, query(8), 5);
    const engine = await filledEngine({ graph: graphThatFinds([...truth].reverse()) });
    const exact = await engine.search({ vector: query(8), k: 5, method: 'exact' });
    const found = await engine.search({ vector: query(8), k: 5, method: 'hnsw' });
    expect(found.plan).toMatchObject({ method: 'hnsw', compared: 7 + 5 });
    expect(found.rows).toEqual(exact.rows);
    expect(found.similarities).toEqual(exact.similarities);
  });

  test('rows that it does not know yet are compared one by one', async () => {
    const truth = bruteForce(vectors, query(8), 5);
    const known = bitmap((row) => row !== truth[0] && row !== truth[3]);
    const near = bruteForce(vectors, query(8), 5, (row) => row !== truth[0] && row !== truth[3]);
    const engine = await filledEngine({ graph: graphThatFinds(near, known) });
    const { rows, plan } = await engine.search({ vector: query(8), k: 5, method: 'hnsw' });
    expect(plan.method).toBe('hnsw');
    expect([...rows]).toEqual(truth);
  });

  test('that lacks rows is not taken for one that found enough', async () => {
    // The filter leaves rows far from the question; the graph finds one of them and lacks many.
    const far = new Set(bruteForce(vectors, query(8), COUNT).slice(-300));
    const known = bitmap((row) => !far.has(row) || row % 2 === 0);
    const near = bruteForce(vectors, query(8), 40).concat([...far].filter((r) => r % 2 === 0)[0]!);
    const engine = await filledEngine({ graph: graphThatFinds(near, known) });
    const allowed = bitmap((row) => far.has(row));
    const asked = { vector: query(8), k: 10, method: 'hnsw', allowed } as const;
    const { rows } = await engine.search(asked);
    expect([...rows]).toEqual(bruteForce(vectors, query(8), 10, (row) => far.has(row)));
  });

  test('that lacks many rows outside the filter still has to find those inside', async () => {
    const known = bitmap((row) => row < 300);
    const allowed = bitmap((row) => row < 100);
    const engine = await filledEngine({ graph: graphThatFinds([250, 251, 252], known) });
    const asked = { vector: query(8), k: 10, method: 'hnsw', allowed } as const;
    const { rows, plan } = await engine.search(asked);
    expect(plan).toMatchObject({ method: 'exact', reason: 'The graph found too few.' });
    expect([...rows]).toEqual(bruteForce(vectors, query(8), 10, (row) => row < 100));
  });

  test('of other rows is not asked', async () => {
    const engine = await filledEngine({ graph: graphThatFinds([1, 2, 3, 4, 5]), generation: 1 });
    const { plan } = await engine.search({ vector: query(8), k: 5, method: 'hnsw' });
    expect(plan).toMatchObject({ method: 'exact', compared: COUNT });
  });

  test.each([
    ['too few rows', [1, 2], 'The graph found too few.'],
    ['dead and unknown rows', [0, 1, 2, 3, 9999], 'The graph found too few.'],
    ['no answer', undefined, 'The graph did not answer.']
  ])('that gives %s, the answer is exact and complete', async (_, rows, reason) => {
    const engine = await filledEngine({ graph: graphThatFinds(rows) });
    engine.remove([0]);
    const found = await engine.search({ vector: query(8), k: 5, method: 'hnsw' });
    expect(found.plan).toMatchObject({ method: 'exact', reason });
    expect([...found.rows]).toEqual(bruteForce(vectors, query(8), 5, (row) => row !== 0));
  });
});

test('a query that cannot be compared is refused', async () => {
  const engine = await filledEngine();
  const search = (vector: Float32Array) => engine.search({ vector, k: 1, method: 'exact' });
  await expect(search(new Float32Array(3))).rejects.toMatchObject({ code: 'wrong-dimensions' });
  await expect(search(new Float32Array(DIMENSIONS))).rejects.toMatchObject({ code: 'bad-vector' });
});

test('a batch that does not fit is refused whole', async () => {
  const engine = await filledEngine();
  const add = (rows: number[], values: number) => () =>
    engine.add({ rows, vectors: new Float32Array(values) });
  expect(add([1000], 3)).toThrow(expect.objectContaining({ code: 'wrong-dimensions' }));
  expect(add([1000, 4], 2 * DIMENSIONS)).toThrow(expect.objectContaining({ code: 'row-twice' }));
  expect(engine.rows).toBe(COUNT);
  await expect(engine.table.read([1000])).rejects.toMatchObject({ code: 'no-vector' });
});

test('many questions that cannot be compared are refused', async () => {
  const engine = await filledEngine();
  const many = (questions: Float32Array) =>
    engine.searchMany({ questions, k: 1, precision: 'int8' });
  const short = many(new Float32Array(2 * DIMENSIONS + 1).fill(1));
  await expect(short).rejects.toMatchObject({ code: 'wrong-dimensions' });
  const bad = Float32Array.from({ length: 2 * DIMENSIONS }, (_, i) => (i < 20 ? 1 : NaN));
  await expect(many(bad)).rejects.toMatchObject({ code: 'bad-vector' });
  const unknown = engine.searchMany({ questions: Uint32Array.of(COUNT), k: 1, precision: 'int8' });
  await expect(unknown).rejects.toMatchObject({ code: 'no-vector' });
});

test('many questions that are cancelled while others are answered end at once', async () => {
  const engine = await filledEngine();
  const stop = new AbortController();
  const ended: string[] = [];
  const ask = (name: string, signal?: AbortSignal) =>
    engine.searchMany({ questions: vectors, k: 5, precision: 'int8' }, undefined, signal).then(
      () => ended.push(name),
      ({ code }) => ended.push(`${name} ${code}`)
    );
  const all = [ask('first'), ask('second', stop.signal), ask('third')];
  stop.abort();
  await Promise.all(all);
  expect(ended).toEqual(['second cancelled', 'first', 'third']);
});

test('of vectors on the disk many questions read what is allowed, once', async () => {
  const read: number[] = [];
  const source = {
    read: (rows: ArrayLike<number>) => {
      read.push(...Array.from(rows));
      return Promise.resolve(Float32Array.from(Array.from(rows).flatMap((row) => [...query(row)])));
    }
  };
  const engine = await engineOfCodes({ source });
  const allowed = bitmap((row) => row % 100 === 0);
  const batch = { questions: vectors.slice(0, 80 * DIMENSIONS), k: 2, allowed };
  const { rows } = await engine.searchMany({ ...batch, precision: 'float32' });
  expect([...rows.subarray(0, 2)]).toEqual(
    bruteForce(vectors, query(0), 2, (row) => row % 100 === 0)
  );
  expect(read.sort((a, b) => a - b)).toEqual([0, 100, 200, 300, 400]);
});

test('many questions can be cancelled, and tell how many are answered', async () => {
  const engine = await filledEngine();
  const stop = new AbortController();
  const told: number[] = [];
  const batch = engine.searchMany(
    { questions: vectors, k: 5, precision: 'int8' },
    (done, total) => {
      told.push(done);
      expect(total).toBe(COUNT);
      if (done > 100) stop.abort();
    },
    stop.signal
  );
  await expect(batch).rejects.toMatchObject({ code: 'cancelled' });
  expect(told).toEqual([...told].sort((a, b) => a - b));
  const after = await engine.searchMany({ questions: query(1), k: 1, precision: 'float32' });
  expect([...after.rows]).toEqual([1]);
});

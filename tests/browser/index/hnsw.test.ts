import { expect, test } from 'vitest';
import { graphBytes, HnswGraph } from '#lib/index/hnsw.ts';
import { bruteForce, clusteredVectors, vectorAt } from '../../support/vectors.ts';

const DIMENSIONS = 64;
const MADE = { dimensions: DIMENSIONS, M: 16, efConstruction: 200 };
const EF = 100;

async function buildGraph(
  count: number,
  capacity = count
): Promise<{ graph: HnswGraph; vectors: Float32Array }> {
  const vectors = clusteredVectors(count, DIMENSIONS);
  const graph = await HnswGraph.create(MADE, capacity);
  for (let row = 0; row < count; row++) graph.add(row, vectorAt(vectors, row, DIMENSIONS));
  return { graph, vectors };
}

test('the library runs in a page that forbids making functions from text', async () => {
  // vitest's page has no policy, so Function is replaced by one that refuses.
  const original = globalThis.Function;
  globalThis.Function = new Proxy(original, {
    apply: () => expect.unreachable('Function was called'),
    construct: () => expect.unreachable('Function was constructed')
  });
  try {
    const { graph, vectors } = await buildGraph(50);
    const query = vectorAt(vectors, 7, DIMENSIONS);
    expect(graph.search(query, 3, EF).rows[0]).toBe(7);
  } finally {
    globalThis.Function = original;
  }
});

test('it finds at least 95 % of the true ten nearest of 3,000 clustered vectors', async () => {
  const { graph, vectors } = await buildGraph(3000);
  // The same clusters; the last hundred are not in the graph.
  const queries = clusteredVectors(3100, DIMENSIONS).subarray(3000 * DIMENSIONS);
  let hits = 0;
  for (let q = 0; q < 100; q++) {
    const query = vectorAt(queries, q, DIMENSIONS);
    const truth = new Set(bruteForce(vectors, query, 10));
    hits += [...graph.search(query, 10, EF).rows].filter((row) => truth.has(row)).length;
  }
  expect(hits / 1000).toBeGreaterThanOrEqual(0.95);
});

test('a loaded graph answers as the one it was saved from, and no other database appears', async () => {
  const { graph, vectors } = await buildGraph(200);
  graph.markDeleted([3, 4]);
  const loaded = await HnswGraph.load(graph.bytes(), MADE, 300);
  for (let row = 0; row < 20; row++) {
    const query = vectorAt(vectors, row, DIMENSIONS);
    expect(loaded.search(query, 10, EF)).toEqual(graph.search(query, 10, EF));
  }
  expect(loaded.deleted).toEqual(new Set([3, 4]));
  const databases = await indexedDB.databases();
  expect(databases.map(({ name }) => name)).not.toContain('/hnswlib-index');
});

test('it grows beyond the room it was made with', async () => {
  const { graph, vectors } = await buildGraph(50, 1);
  for (let row = 0; row < 50; row++) {
    expect(graph.search(vectorAt(vectors, row, DIMENSIONS), 1, EF).rows[0]).toBe(row);
  }
});

test('deleted rows are not found until they are restored', async () => {
  const { graph, vectors } = await buildGraph(50);
  const query = vectorAt(vectors, 9, DIMENSIONS);
  graph.markDeleted([9, 9, 1000]);
  graph.markDeleted([9]);
  expect(graph.search(query, 50, EF).rows).not.toContain(9);
  expect(graph.search(query, 50, EF).rows).toHaveLength(49);
  graph.unmark(9);
  graph.unmark(10);
  expect(graph.search(query, 1, EF).rows[0]).toBe(9);
});

test('asking for too many gives what there is', async () => {
  const { graph, vectors } = await buildGraph(50);
  expect(graph.search(vectorAt(vectors, 9, DIMENSIONS), 500, EF).rows).toHaveLength(50);
});

test('its memory is that of its room, and grows with it', async () => {
  const { graph } = await buildGraph(50);
  expect(graph.memoryBytes).toBe(graphBytes(50, DIMENSIONS, 16));
  graph.add(50, vectorAt(clusteredVectors(51, DIMENSIONS), 50, DIMENSIONS));
  expect(graph.memoryBytes).toBeGreaterThan(graphBytes(51, DIMENSIONS, 16));
});

test('what the library would take silently or answer with a trap is refused with a reason', async () => {
  const { graph } = await buildGraph(10);
  const code = (action: () => unknown) => {
    try {
      action();
    } catch (error) {
      return (error as { code: string }).code;
    }
    return 'nothing thrown';
  };
  const nan = new Float32Array(DIMENSIONS).fill(Number.NaN);
  expect(code(() => graph.add(11, new Float32Array(3).fill(1)))).toBe('wrong-dimensions');
  expect(code(() => graph.search(new Float32Array(3).fill(1), 1, EF))).toBe('wrong-dimensions');
  expect(code(() => graph.add(11, nan))).toBe('bad-vector');
  expect(code(() => graph.add(11, new Float32Array(DIMENSIONS)))).toBe('bad-vector');
  expect(code(() => graph.search(nan, 1, EF))).toBe('bad-vector');
  graph.markDeleted([5]);
  expect(code(() => graph.add(5, new Float32Array(DIMENSIONS).fill(0.125)))).toBe('row-twice');
  await expect(HnswGraph.create({ ...MADE, dimensions: 1536 }, 400_000)).rejects.toMatchObject({
    code: 'graph-too-large'
  });
});

test('an empty graph finds nothing', async () => {
  const graph = await HnswGraph.create(MADE, 0);
  expect(graph.search(new Float32Array(DIMENSIONS).fill(0.125), 5, EF).rows).toHaveLength(0);
});

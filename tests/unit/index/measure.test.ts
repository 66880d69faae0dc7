import { expect, test } from 'vitest';
import { Engine } from '#lib/index/engine.ts';
import type { GraphPort } from '#lib/index/graph-port.ts';
import { loadKernel } from '#lib/index/kernel/load.ts';
import { measureShortened } from '#lib/index/measure-shortened.ts';
import { measure } from '#lib/index/measure.ts';
import { percentile, recallOf, shareAmong } from '#lib/index/recall.ts';
import { isBetter, tuningFor, withMeasurement } from '#lib/index/tuning.ts';
import { NO_ROW, type GraphFacts, type GraphStatus, type Measurement } from '#lib/index/types.ts';
import { bruteForce, clusteredVectors, vectorAt } from '../../support/vectors.ts';

const DIMENSIONS = 64;
const COUNT = 900;
const vectors = clusteredVectors(COUNT, DIMENSIONS);

const facts: GraphFacts = {
  dimensions: DIMENSIONS,
  M: 16,
  efConstruction: 40,
  shards: 1,
  memoryBytes: 1,
  diskBytes: null,
  buildMs: null
};
const status: GraphStatus = {
  state: 'ready',
  rows: COUNT,
  total: COUNT,
  origin: 'built',
  known: new Uint8Array(COUNT / 8 + 1).fill(255),
  graph: facts
};

/** A graph that overlooks every row that `overlooks` says, unless efSearch is at least `patience`. */
function graph(overlooks: (row: number) => boolean, patience: number): GraphPort {
  return {
    status: () => status,
    search: (vector, k, efSearch) =>
      Promise.resolve({
        rows: bruteForce(vectors, vector, k, (row) => efSearch >= patience || !overlooks(row)),
        compared: COUNT
      })
  };
}

async function engineWith(port?: GraphPort): Promise<Engine> {
  const engine = Engine.open(DIMENSIONS, {
    kernel: await loadKernel(),
    ...(port && { graph: port })
  });
  engine.add({ rows: [...Array(COUNT).keys()], vectors });
  await engine.encode();
  return engine;
}

test('recall is the share of true neighbours found, over all questions', () => {
  const truth = {
    k: 3,
    rows: Uint32Array.of(1, 2, 3, 4, 5, NO_ROW),
    similarities: Float32Array.of(0.9, 0.8, 0.7, 0.9, 0.6, 0)
  };
  expect(shareAmong([[3, 1, 9], [4]], truth)).toBeCloseTo(3 / 5);
  expect(shareAmong([], { ...truth, rows: new Uint32Array(0) })).toBe(1);
  // Row 9 is as similar as row 3, and row 8 more than any: equal items are as good as each other.
  const equal = { rows: [1, 9, 8], similarities: [0.9, 0.7, 0.95] };
  const less = { rows: [4, 7], similarities: [0.9, 0.5] };
  expect(recallOf([equal, less], truth)).toBeCloseTo(4 / 5);
  const more = { rows: [1, 9, 8, 7, 6], similarities: [0.9, 0.9, 0.9, 0.9, 0.9] };
  expect(recallOf([more, less], truth)).toBeCloseTo(4 / 5);
});

test('percentiles are by nearest rank', () => {
  const values = [5, 1, 4, 2, 3];
  expect([0, 0.5, 0.95, 1].map((share) => percentile(values, share))).toEqual([1, 3, 5, 5]);
});

test('comparing with all is measured at full recall, however it is done', async () => {
  const shares: number[] = [];
  const { ways, tuning, queries } = await measure(await engineWith(), {
    queries: 30,
    truth: 'float32',
    onProgress: (share) => shares.push(share)
  });
  expect(queries).toBe(30);
  expect(tuning).toBeNull();
  expect(ways.map(({ asked, method }) => [asked, method])).toEqual([
    ['exact', 'exact'],
    ['exact', 'exact'],
    ['automatic', 'exact']
  ]);
  expect(ways.slice(0, 2).map(({ precision }) => precision)).toEqual(['float32', 'int8']);
  for (const { recall } of ways) expect(recall).toBeGreaterThan(0.99);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
});

test('a graph is asked with the efSearch at which it overlooks nothing', async () => {
  const engine = await engineWith(graph((row) => row % 2 === 0, 128));
  const { ways, tuning } = await measure(engine, { queries: 30, truth: 'float32' });
  const hnsw = ways.filter(({ asked }) => asked === 'hnsw');
  expect(hnsw.map(({ efSearch }) => efSearch)).toEqual([16, 32, 64, 128, 256, 512]);
  for (const { efSearch, recall } of hnsw) {
    if (efSearch! < 128) expect(recall).toBeLessThan(0.7);
    else expect(recall).toBe(1);
  }
  expect(tuning!.efSearch).toBeGreaterThanOrEqual(128);
  expect(tuning!.recall).toBe(1);
});

test('a graph that always overlooks some is kept at its best, and not called good', async () => {
  const engine = await engineWith(graph((row) => row % 4 === 0, Infinity));
  const { tuning } = await measure(engine, { queries: 30, truth: 'float32' });
  expect(tuning!.recall).toBeGreaterThan(0.5);
  expect(tuning!.recall).toBeLessThan(0.95);
});

test('a graph that lacks half of the rows is not certified by answers it did not give', async () => {
  const half = { ...status, known: new Uint8Array(COUNT / 16).fill(255) };
  const port = { ...graph(() => false, 0), status: () => half };
  const { ways, tuning } = await measure(await engineWith(port), { queries: 30, truth: 'float32' });
  expect(ways.filter(({ asked }) => asked === 'hnsw')).toEqual([]);
  expect(tuning).toBeNull();
});

test('a graph that is built otherwise meanwhile is not measured', async () => {
  let told = status;
  const port = { ...graph(() => false, 0), status: () => told };
  const measuring = measure(await engineWith(port), {
    queries: 30,
    truth: 'float32',
    onProgress: (share) => {
      if (share > 0.6) told = { ...status, graph: { ...facts, M: 32 } };
    }
  });
  await expect(measuring).rejects.toMatchObject({ code: 'graph-changed' });
});

test('a graph that becomes ready while questions are asked is not measured with them', async () => {
  let told: GraphStatus = { ...status, state: 'building' };
  const port = { ...graph(() => false, 0), status: () => told };
  const { ways, tuning, heldOut } = await measure(await engineWith(port), {
    queries: 30,
    truth: 'float32',
    onProgress: () => (told = status)
  });
  expect(ways.filter(({ asked }) => asked === 'hnsw')).toEqual([]);
  expect({ tuning, heldOut }).toEqual({ tuning: null, heldOut: false });
});

test('of two ways to ask the graph the faster is better if it finds enough, else what finds more', () => {
  const way = (recall: number, p50Ms: number) => ({ recall, p50Ms });
  expect(isBetter(way(0.996, 1), way(1, 2))).toBe(true);
  expect(isBetter(way(1, 2), way(0.996, 1))).toBe(false);
  expect(isBetter(way(0.996, 9), way(0.992, 1))).toBe(true);
  expect(isBetter(way(0.992, 1), way(0.994, 2))).toBe(true);
  expect(isBetter(way(0.99, 9), way(0.98, 1))).toBe(true);
  expect(isBetter(way(0.98, 9), way(0.97, 1))).toBe(true);
});

test('rows that the graph lacks ask, where there are enough', async () => {
  const lacks = (row: number) => row % 20 === 0;
  const known = Uint8Array.from(status.known!);
  for (let row = 0; row < COUNT; row += 20) known[row >> 3]! &= ~(1 << (row & 7));
  const port = { ...graph(lacks, Infinity), status: () => ({ ...status, known }) };
  const { heldOut, queries, tuning } = await measure(await engineWith(port), {
    queries: 100,
    truth: 'int8'
  });
  expect({ heldOut, queries }).toEqual({ heldOut: true, queries: COUNT / 20 });
  // What the graph lacks is compared one by one, so nothing is overlooked.
  expect(tuning!.recall).toBe(1);
});

test('a collection too small to ask is measured without a question', async () => {
  const engine = Engine.open(2, { kernel: await loadKernel() });
  engine.add({ rows: [0], vectors: Float32Array.of(1, 0) });
  const { queries, ways } = await measure(engine, { queries: 100, truth: 'float32' });
  expect(queries).toBe(0);
  for (const { recall } of ways) expect(recall).toBe(1);
});

test('measuring ends when it is cancelled', async () => {
  const stop = new AbortController();
  const measuring = measure(await engineWith(), {
    queries: 30,
    truth: 'float32',
    onProgress: () => stop.abort(),
    signal: stop.signal
  });
  await expect(measuring).rejects.toMatchObject({ code: 'cancelled' });
});

test('shortening is measured against the full length: the shorter, the less is kept', async () => {
  const { table } = await engineWith();
  const ways = await measureShortened(table, [64, 32, 4], loadKernel);
  expect(ways.map(({ dimensions }) => dimensions)).toEqual([64, 32, 4]);
  expect(ways[0]!.recall).toBe(1);
  expect(ways[1]!.recall).toBeLessThan(1);
  expect(ways[2]!.recall).toBeLessThan(ways[1]!.recall);
  // By hand for one length: the ten nearest of every question at 32 dimensions.
  const cut = clusteredCut(32);
  const asking = Array.from({ length: 50 }, (_, n) => Math.floor((n + 0.5) * (COUNT / 50)));
  const kept = asking.flatMap((row) => {
    const others = (other: number) => other !== row;
    const truth = bruteForce(vectors, vectorAt(vectors, row, DIMENSIONS), 10, others);
    const found = bruteForce(cut, vectorAt(cut, row, 32), 10, others);
    return truth.map((other) => Number(found.includes(other)));
  });
  const recall = kept.reduce((sum, hit) => sum + hit, 0) / kept.length;
  expect(ways[1]!.recall).toBeCloseTo(recall, 2);
});

function clusteredCut(dimensions: number): Float32Array {
  const cut = new Float32Array(COUNT * dimensions);
  for (let n = 0; n < COUNT; n++) {
    const vector = vectorAt(vectors, n, DIMENSIONS).slice(0, dimensions);
    const length = Math.hypot(...vector);
    cut.set(
      vector.map((value) => value / length),
      n * dimensions
    );
  }
  return cut;
}

test('a shortened graph that finds too little at its best teaches to take more dimensions', () => {
  const measured = (recall: number, dimensions: number) =>
    ({ graph: { ...facts, dimensions }, tuning: { recall } }) as unknown as Measurement;
  const learned = (
    recall: number,
    dimensions: number,
    choice: 'automatic' | number,
    known = {}
  ) => {
    const settings = {
      choice: { dimensions: choice, M: 16, efConstruction: 40 },
      measurement: null,
      ...known
    };
    return withMeasurement(settings, measured(recall, dimensions), 1536).fewestDimensions;
  };
  expect(learned(0.98, 256, 'automatic')).toBe(257);
  expect(learned(0.99, 256, 'automatic')).toBeUndefined();
  expect(learned(0.98, 1536, 'automatic')).toBeUndefined();
  expect(learned(0.98, 256, 256)).toBeUndefined();
  // Another tab may have learned more.
  expect(learned(0.98, 256, 'automatic', { fewestDimensions: 513 })).toBe(513);
});

test('a tuning holds for the graph it was measured on, and until the collection has grown', () => {
  const tuning = { efSearch: 64, oversampling: 2, recall: 1 };
  const measurement = {
    at: 0,
    generation: 0,
    rows: 1000,
    queries: 40,
    heldOut: true,
    truth: 'int8' as const,
    ways: [],
    shortened: [],
    graph: facts,
    tuning
  };
  expect(tuningFor(measurement, status, 1400)).toBe(tuning);
  expect(tuningFor(measurement, status, 1600)).toBeNull();
  expect(tuningFor(measurement, { ...status, generation: 1 }, 1000)).toBeNull();
  expect(tuningFor(measurement, { ...status, graph: { ...facts, M: 8 } }, 1000)).toBeNull();
  expect(tuningFor(measurement, { ...status, state: 'building' }, 1000)).toBeNull();
  expect(tuningFor(null, status, 1000)).toBeNull();
});

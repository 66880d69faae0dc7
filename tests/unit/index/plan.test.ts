import { expect, test } from 'vitest';
import { Costs } from '#lib/index/costs.ts';
import { choosePlan, type Situation } from '#lib/index/plan.ts';
import type { GraphStatus, GraphTuning } from '#lib/index/types.ts';

const ROWS = 100_000;
const ready: GraphStatus = { state: 'ready', rows: ROWS, total: ROWS, origin: 'built' };
const tuning: GraphTuning = { efSearch: 64, oversampling: 4, recall: 0.995 };

/** A machine that compares `bytesPerMs` of codes or vectors, and searches the graph in `graphMs`. */
function machine({ bytesPerMs = 15e6, graphMs = 2 } = {}): Costs {
  const costs = new Costs();
  for (const precision of ['int8', 'float32'] as const)
    costs.calibrate(precision, 100 * bytesPerMs, 100);
  for (let answers = 0; answers < 50; answers++) {
    costs.observeGraph(tuning.efSearch, graphMs);
    costs.observeRescore(40, 'memory', 0.1);
    costs.observeRescore(40, 'store', 20);
  }
  return costs;
}

/** 100,000 × 1,536 with a graph that is ready, measured and fast, and what differs from it. */
function situation(differs: Partial<Situation> = {}): Situation {
  return {
    asked: 'automatic',
    precision: undefined,
    k: 10,
    dimensions: 1536,
    live: ROWS,
    matching: differs.live ?? ROWS,
    resident: false,
    graph: ready,
    missing: 0,
    missingMatching: differs.missing ?? 0,
    tuning,
    costs: machine(),
    ...differs
  };
}

test('automatic takes the graph where it is expected to be faster, and says by how much', () => {
  const choice = choosePlan(situation());
  expect(choice).toMatchObject({ method: 'hnsw', graph: { k: 40, efSearch: 64 } });
  expect(choice.reason).toMatch(/^Comparing with all takes about \d+ ms here; the graph takes/);
  expect(choice.expected.map(({ method }) => method)).toEqual(['exact', 'hnsw']);
});

test('automatic compares with all where the graph promises hardly more', () => {
  const slow = choosePlan(situation({ costs: machine({ graphMs: 9 }) }));
  expect(slow).toMatchObject({ method: 'exact', precision: 'int8' });
  expect(slow.reason).toContain('the graph would take about');
});

test('the same collection is answered differently on another machine', () => {
  const fast = machine({ bytesPerMs: 150e6 });
  expect(choosePlan(situation({ costs: fast })).method).toBe('exact');
});

test('automatic does not trust a graph that was not measured, or that found too few', () => {
  const unmeasured = choosePlan(situation({ tuning: null }));
  expect(unmeasured.method).toBe('exact');
  expect(unmeasured.reason).toContain('has not been measured');
  const poor = choosePlan(situation({ tuning: { ...tuning, recall: 0.914 } }));
  expect(poor.method).toBe('exact');
  expect(poor.reason).toContain('only 91 %');
});

test('a few vectors are compared as they are, when they are in memory', () => {
  const few = { live: 300, resident: true };
  expect(choosePlan(situation(few))).toMatchObject({ method: 'exact', precision: 'float32' });
  expect(choosePlan(situation({ live: 300 }))).toMatchObject({ precision: 'int8' });
});

test('what the reader asks for is done', () => {
  const asked = (method: Situation['asked'], more: Partial<Situation> = {}) =>
    choosePlan(situation({ asked: method, ...more }));
  expect(asked('exact')).toMatchObject({ method: 'exact', precision: 'int8' });
  expect(asked('exact', { resident: true })).toMatchObject({ precision: 'float32' });
  expect(asked('exact', { resident: true, precision: 'int8' })).toMatchObject({
    precision: 'int8'
  });
  expect(asked('hnsw', { live: 100, tuning: null }).method).toBe('hnsw');
});

test('a wide filter asks the graph for as many more as it will drop', () => {
  const { graph } = choosePlan(situation({ matching: ROWS / 2, costs: machine({ graphMs: 1 }) }));
  expect(graph).toEqual({ k: 80, efSearch: 128, enough: 40 });
});

test('what a selective filter leaves is compared one by one, even if the graph is asked for', () => {
  for (const asked of ['automatic', 'hnsw'] as const) {
    const few = { live: 2000, matching: 100, tuning: { ...tuning, efSearch: 16 } };
    expect(choosePlan(situation({ asked, ...few })).method).toBe('exact');
    const choice = choosePlan(situation({ asked, matching: ROWS / 100 }));
    expect(choice).toMatchObject({ method: 'exact', precision: 'int8' });
    expect(choice.reason).toContain('The filter leaves too few for the graph.');
  }
});

test('rows that the graph lacks count as found only where the filter leaves them', () => {
  const lacking = { asked: 'hnsw', live: 2000, matching: 300, missing: 900 } as const;
  const enough = (missingMatching: number) =>
    choosePlan(situation({ ...lacking, missingMatching })).graph!.enough;
  expect(enough(0)).toBe(40);
  expect(enough(290)).toBe(10);
  expect(enough(300)).toBe(0);
});

test('where the graph can’t answer, vectors are compared as they are if that is quick', () => {
  const few = { asked: 'hnsw', resident: true, matching: 50 } as const;
  expect(choosePlan(situation(few))).toMatchObject({ method: 'exact', precision: 'float32' });
});

test('a graph that misses a few rows serves, one that misses many does not', () => {
  expect(choosePlan(situation({ missing: 1000 })).method).toBe('hnsw');
  const behind = choosePlan(situation({ missing: 10_000 }));
  expect(behind.method).toBe('exact');
  expect(behind.reason).toContain('catching up');
});

test.each<[Partial<GraphStatus>, string]>([
  [{ state: 'building', rows: 41_300 }, 'The graph is still being built (41 %).'],
  [{ state: 'loading' }, 'The graph is still being loaded.'],
  [{ state: 'none' }, 'There is no graph yet.'],
  [{ state: 'failed', reason: 'It is too large.' }, 'It is too large.']
])('without a graph the answer is exact and says why: %o', (differs, reason) => {
  for (const asked of ['automatic', 'hnsw'] as const) {
    const choice = choosePlan(situation({ asked, graph: { ...ready, ...differs } }));
    expect(choice.method).toBe('exact');
    expect(choice.reason).toContain(reason);
  }
});

test('a graph is expected to take what it took when it was measured, until it has been seen', () => {
  const expected = (costs: Costs) =>
    choosePlan(situation({ costs, tuning: { ...tuning, p50Ms: 1.6 } })).expected.find(
      ({ method }) => method === 'hnsw'
    )!.ms;
  const fresh = new Costs();
  const rescoreMs = fresh.rescoreMs(40, 'store');
  expect(expected(fresh)).toBeCloseTo(1.6 + rescoreMs);
  fresh.observeGraph(tuning.efSearch, 0.8);
  expect(expected(fresh)).toBeCloseTo(0.8 + rescoreMs);
});

test('what was learned from answers is not forgotten for another look at a small block', () => {
  const costs = machine();
  expect(costs.isVague('int8', 100 * 15e6)).toBe(false);
  expect(costs.isVague('int8', 300 * 15e6)).toBe(true);
  expect(new Costs().isVague('float32', 1)).toBe(true);
});

test('one slow answer is no trend, and what is too short to be timed is passed over', () => {
  const costs = machine();
  const [scanMs, graphMs] = [costs.scanMs('int8', 1e8), costs.graphMs(64)];
  costs.observeGraph(64, 5000);
  costs.observeScan('int8', 1e6, 5000);
  expect(costs.graphMs(64)).toBeLessThan(1.3 * graphMs);
  expect(costs.scanMs('int8', 1e8)).toBeLessThan(1.3 * scanMs);
  costs.observeScan('int8', 1, 0.2);
  expect(costs.scanMs('int8', 1e8)).toBeLessThan(1.3 * scanMs);
});

test('nothing to find is found exactly', () => {
  expect(choosePlan(situation({ asked: 'hnsw', matching: 0 }))).toMatchObject({
    method: 'exact',
    candidates: 0
  });
});

test('more candidates are kept than are asked for, and never more than match', () => {
  expect(choosePlan(situation({ k: 50 })).candidates).toBe(200);
  expect(choosePlan(situation({ k: 1 })).candidates).toBe(40);
  expect(choosePlan(situation({ matching: 7 })).candidates).toBe(7);
});

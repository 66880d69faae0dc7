import { expect, test } from 'vitest';
import { chooseMethod } from '#lib/index/plan.ts';
import type { GraphStatus } from '#lib/index/types.ts';

const ready: GraphStatus = { state: 'ready', rows: 100_000, total: 100_000, origin: 'built' };
const building: GraphStatus = { state: 'building', rows: 41_300, total: 100_000, origin: null };
const all = (live: number) => ({ live, matching: live });

test('automatic compares with all of up to 20,000 rows, and takes the graph for more', () => {
  expect(chooseMethod('automatic', all(20_000), ready).method).toBe('exact');
  expect(chooseMethod('automatic', all(20_001), ready).method).toBe('hnsw');
});

test('automatic compares with all that a selective filter leaves', () => {
  expect(chooseMethod('automatic', { live: 100_000, matching: 9_999 }, ready).method).toBe('exact');
  expect(chooseMethod('automatic', { live: 100_000, matching: 10_000 }, ready).method).toBe('hnsw');
});

test('what the reader asks for is done', () => {
  expect(chooseMethod('exact', all(100_000), ready).method).toBe('exact');
  expect(chooseMethod('hnsw', { live: 100, matching: 1 }, ready).method).toBe('hnsw');
});

test.each<[GraphStatus, string]>([
  [building, 'The graph is still being built (41 %).'],
  [{ ...building, rows: 100_000 }, 'The graph is catching up with the latest changes.'],
  [{ ...ready, state: 'loading' }, 'The graph is still being loaded.'],
  [{ ...ready, state: 'none' }, 'There is no graph yet.'],
  [{ ...ready, state: 'failed', reason: 'It is too large.' }, 'It is too large.']
])('without a graph the answer is exact and says why: %o', (graph, reason) => {
  expect(chooseMethod('hnsw', all(100_000), graph)).toEqual({ method: 'exact', reason });
  expect(chooseMethod('automatic', all(100_000), graph)).toEqual({ method: 'exact', reason });
});

test('nothing to find is found exactly', () => {
  expect(chooseMethod('hnsw', { live: 10, matching: 0 }, ready).method).toBe('exact');
});

import { expect, test } from 'vitest';
import type { MeasuredWay } from '#lib/index/types.ts';
import { keyOf, layOut } from '#lib/ui/recall-plot.ts';

const figures = { oversampling: null, p95Ms: 9 };
const exact = (precision: 'int8' | 'float32', p50Ms: number): MeasuredWay => ({
  ...{ asked: 'exact', method: 'exact', precision, efSearch: null, recall: 1, p50Ms },
  ...figures
});
const hnsw = (efSearch: number, recall: number, p50Ms: number): MeasuredWay => ({
  ...{ asked: 'hnsw', method: 'hnsw', precision: 'int8', efSearch, recall, p50Ms },
  ...figures
});
const automatic: MeasuredWay = { ...exact('int8', 9), asked: 'automatic' };
const WAYS = [
  exact('float32', 40),
  exact('int8', 9),
  hnsw(16, 0.83, 0.6),
  hnsw(32, 0.93, 1),
  hnsw(64, 0.98, 1.9),
  automatic
];

test('better recall is higher, slower is further right, and all are inside', () => {
  const { points, left, right, top, bottom, line } = layOut(WAYS, 400, 260);
  expect(points.map(({ key }) => key)).toEqual(WAYS.slice(0, 5).map(keyOf));
  const [float32, int8, ...graph] = points;
  expect(float32!.x).toBeGreaterThan(int8!.x);
  expect(float32!.y).toBe(top);
  expect(graph.map(({ x }) => x)).toEqual(graph.map(({ x }) => x).toSorted((a, b) => a - b));
  expect(graph.map(({ y }) => y)).toEqual(graph.map(({ y }) => y).toSorted((a, b) => b - a));
  for (const { x, y } of points) {
    expect(x).toBeGreaterThanOrEqual(left);
    expect(x).toBeLessThanOrEqual(right);
    expect(y).toBeGreaterThanOrEqual(top);
    expect(y).toBeLessThanOrEqual(bottom);
  }
  expect(line.split(' ')).toHaveLength(3);
});

test('the axes have few ticks, at round values', () => {
  const { xTicks, yTicks } = layOut(WAYS, 400, 260);
  expect(xTicks.map(({ text }) => text)).toEqual(['0.5', '1', '2', '5', '10', '20', '50']);
  expect(yTicks.map(({ text }) => text)).toEqual(
    ['100', '95', '90', '85', '80'].map((text) => `${text}\u00a0%`)
  );
  expect(layOut(WAYS, 200, 260).xTicks.map(({ text }) => text)).toEqual(['1', '10']);
});

test('labels do not lie on each other: one without room is left out, never the highlighted one', () => {
  const crowd = [16, 32, 64, 128, 256, 512].map((ef) => hnsw(ef, 0.999, 1 + ef / 1e4));
  for (const highlighted of crowd.map(keyOf)) {
    const { points } = layOut([exact('int8', 1), ...crowd], 300, 260, highlighted);
    const labelled = points.filter(({ label }) => label !== '');
    expect(labelled.some(({ key }) => key === highlighted)).toBe(true);
    expect(labelled.length).toBeLessThan(points.length);
    const lines = labelled.map(({ labelY }) => Math.round(labelY)).toSorted((a, b) => a - b);
    lines.slice(1).forEach((y, n) => expect(y - lines[n]!).toBeGreaterThanOrEqual(10));
  }
});

test('nothing measured, and times too short to be told, are drawn all the same', () => {
  expect(layOut([], 300, 260)).toMatchObject({ points: [], line: '' });
  const [point] = layOut([exact('int8', 0)], 300, 260).points;
  expect(Number.isFinite(point!.x)).toBe(true);
});

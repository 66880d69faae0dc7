import { expect, test } from 'vitest';
import { comparedWith } from '#lib/ui/found-words.ts';

const plan = { method: 'exact', precision: 'int8', compared: 900, rows: 1000 } as const;

test('codes are re-scored, or about to be', () => {
  expect(comparedWith(plan, false)).toBe('compared with 900 of 1,000 as 8-bit codes, re-scored');
  expect(comparedWith(plan, true)).toMatch(/as 8-bit codes, re-scoring…$/);
});

test('all vectors are told from some', () => {
  const float32 = { ...plan, precision: 'float32' } as const;
  expect(comparedWith(float32, false)).toBe('compared with 900 of 1,000 vectors');
  expect(comparedWith({ ...float32, compared: 1000 }, false)).toBe(
    'compared with all 1,000 vectors'
  );
});

test('the graph tells what was compared along its links', () => {
  const hnsw = { ...plan, method: 'hnsw', compared: 120 } as const;
  expect(comparedWith(hnsw, false)).toBe('compared with 120 of 1,000 along the graph, re-scored');
});

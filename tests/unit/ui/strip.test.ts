import { expect, test } from 'vitest';
import { stripGradient } from '#lib/ui/strip.ts';

test('a fingerprint runs from the strongest negative colour to the strongest positive', () => {
  expect(stripGradient(Int8Array.of(-127, 0, 127, -128))).toBe(
    'linear-gradient(90deg, var(--cell-0) 0% 25%, var(--cell-6) 25% 50%, ' +
      'var(--cell-12) 50% 75%, var(--cell-0) 75% 100%)'
  );
});

test('neighbours of one colour share a stop', () => {
  expect(stripGradient(Int8Array.of(127, 126, 0))).toBe(
    'linear-gradient(90deg, var(--cell-12) 0% 66.667%, var(--cell-6) 66.667% 100%)'
  );
});

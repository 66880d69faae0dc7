import { expect, it } from 'vitest';
import { inContext, shareBelow } from '#lib/tasks/in-context.ts';

const pairs = Float32Array.from({ length: 1000 }, (_, n) => n / 1000);

it('tells the share of pairs that are further apart, equals by half', () => {
  expect(shareBelow(Float32Array.of(1, 2, 2, 3), 2)).toBe(0.5);
  expect(shareBelow(Float32Array.of(1, 2, 3), 9)).toBe(1);
  expect(inContext(pairs, pairs[500]!)).toBe('closer than 50\u00a0% of random pairs');
  expect(inContext(pairs, pairs[997]!)).toBe('closer than 99.8\u00a0% of random pairs');
});

it('says all and none only where it is so', () => {
  expect(inContext(pairs, 0.9985)).toBe('closer than 99.9\u00a0% of random pairs');
  expect(inContext(pairs, 1)).toBe('closer than any random pair');
  expect(inContext(pairs, 0.0001)).toBe('closer than 0.1\u00a0% of random pairs');
  expect(inContext(pairs, -1)).toBe('further than any random pair');
});

it('says nothing of a handful of pairs', () => {
  expect(inContext(pairs.slice(0, 10), 0.5)).toBeNull();
});

import { expect, test } from 'vitest';
import { chooseDimensions, FEWEST_PROBED, probedRows } from '#lib/index/choose-dimensions.ts';
import { clusteredVectors } from '../../support/vectors.ts';

/** Clustered vectors whose dimensions from `until` on hardly matter. */
function taperedVectors(count: number, dimensions: number, until: number): Float32Array {
  const vectors = clusteredVectors(count, dimensions, { clusters: 1 });
  for (let start = 0; start < vectors.length; start += dimensions) {
    const vector = vectors.subarray(start, start + dimensions);
    for (let i = until; i < dimensions; i++) vector[i]! *= 0.05;
    const length = Math.hypot(...vector);
    for (let i = 0; i < dimensions; i++) vector[i]! /= length;
  }
  return vectors;
}

test('the shortest prefix that holds the meaning is chosen', async () => {
  const short = await chooseDimensions(taperedVectors(FEWEST_PROBED, 1024, 256), 1024);
  expect(short.dimensions).toBe(256);
  expect(short.evidence.map(({ dimensions }) => dimensions)).toEqual([256, 512]);
  expect(short.evidence[0]!.found).toBeGreaterThanOrEqual(0.99);

  const longer = await chooseDimensions(taperedVectors(FEWEST_PROBED, 1024, 512), 1024);
  expect(longer.dimensions).toBe(512);
  expect(longer.evidence[0]!.found).toBeLessThan(0.99);
  expect(longer.evidence[1]!.found).toBeGreaterThanOrEqual(0.99);
});

test('a prefix that was found too short is passed over', async () => {
  const vectors = taperedVectors(FEWEST_PROBED, 1024, 256);
  expect((await chooseDimensions(vectors, 1024, 257)).dimensions).toBe(512);
  expect((await chooseDimensions(vectors, 1024, 513)).dimensions).toBe(1024);
});

test('all dimensions are used where the meaning is spread over them', async () => {
  const flat = await chooseDimensions(clusteredVectors(FEWEST_PROBED, 512, { clusters: 1 }), 512);
  expect(flat.dimensions).toBe(512);
  expect(flat.evidence).toHaveLength(1);
  expect(flat.evidence[0]!.found).toBeLessThan(0.99);
});

test('a prefix says nothing about vectors that are zero there', async () => {
  const vectors = clusteredVectors(FEWEST_PROBED, 512, { clusters: 1 });
  for (let start = 0; start < vectors.length; start += 512) vectors.fill(0, start, start + 256);
  expect((await chooseDimensions(vectors, 512)).dimensions).toBe(512);
});

test('texts that are there many times are no reason against a prefix', async () => {
  const vectors = taperedVectors(FEWEST_PROBED, 512, 256);
  const half = vectors.length / 2;
  const once = vectors.subarray(0, 512);
  for (let start = 0; start < half; start += 512) vectors.set(once, start);
  expect((await chooseDimensions(vectors, 512)).dimensions).toBe(256);
});

test('too few vectors, or too few dimensions, are no ground to cut anything', async () => {
  const few = taperedVectors(FEWEST_PROBED - 1, 512, 256);
  expect(await chooseDimensions(few, 512)).toEqual({ dimensions: 512, evidence: [] });
  const narrow = clusteredVectors(FEWEST_PROBED, 256);
  expect(await chooseDimensions(narrow, 256)).toEqual({ dimensions: 256, evidence: [] });
  expect(await chooseDimensions(new Float32Array(0), 1536)).toMatchObject({ dimensions: 1536 });
});

test('the longer the vectors, the fewer are looked at', () => {
  expect(probedRows(512)).toBe(20_000);
  expect(probedRows(1536)).toBe(13_020);
  expect(probedRows(3072)).toBe(6510);
});

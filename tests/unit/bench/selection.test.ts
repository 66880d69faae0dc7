import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRealVectors } from '../../bench/vectors/real-vectors.ts';
import { chooseData, type Choice } from '../../bench/vectors/selection.ts';

describe('the sizes to measure', () => {
  const sizes = (choice: Choice) =>
    chooseData({ data: ['clusters'], ...choice }).map(({ n, dim }) => `${n} × ${dim}`);

  test.each<[string, Choice, string[]]>([
    [
      'nothing',
      {},
      ['10000 × 384', '100000 × 384', '1000 × 1536', '10000 × 1536', '100000 × 1536']
    ],
    ['a usual number', { n: [10_000] }, ['10000 × 384', '10000 × 1536']],
    ['usual dimensions', { dim: [384] }, ['10000 × 384', '100000 × 384']],
    ['another number', { n: [500] }, ['500 × 1536']],
    ['other dimensions', { dim: [256] }, ['1000 × 256', '10000 × 256', '100000 × 256']],
    ['both', { n: [1_000_000, 500], dim: [256] }, ['500 × 256', '1000000 × 256']]
  ])('are, for %s', (_, choice, expected) => {
    expect(sizes(choice)).toEqual(expected);
  });
});

describe('real vectors', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'real-'))));
  afterAll(() => rm(folder, { recursive: true }));

  async function read(name: string, content: string | Uint8Array) {
    const path = join(folder, name);
    await writeFile(path, content);
    return readRealVectors(path);
  }

  test('are normalised, and a fifth of them is held out', async () => {
    const items = Array.from({ length: 10 }, (_, i) => ({
      text: 'x',
      embedding: [3, 4 * (i + 1)]
    }));
    const found = await read('items.json', JSON.stringify({ items }));
    expect(found).toMatchObject({ data: 'items.json', n: 8, dim: 2 });
    expect(found.vectors).toHaveLength(20);
    expect([...found.vectors.subarray(0, 2)]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  });

  test('come from NumPy files as well', async () => {
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 2), }\n".padEnd(118);
    const start = Buffer.concat([
      Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0]),
      Buffer.from(header)
    ]);
    const numbers = Float32Array.of(0, 2, 3, 0, 0, -1, 1, 0, 0, 5);
    const found = await read('five.npy', Buffer.concat([start, Buffer.from(numbers.buffer)]));
    expect(found).toMatchObject({ n: 4, dim: 2 });
    expect([...found.vectors]).toEqual([0, 1, 1, 0, 0, -1, 1, 0, 0, 1]);
  });

  test('are refused when one of them has no direction', async () => {
    await expect(read('zero.json', '[[1, 0], [0, 0]]')).rejects.toThrow('vector 1');
  });
});

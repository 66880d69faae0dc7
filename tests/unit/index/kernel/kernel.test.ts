import { beforeAll, describe, expect, test } from 'vitest';
import { strideOf, type Kernel, type KernelKind } from '#lib/index/kernel/kernel.ts';
import { loadKernel } from '#lib/index/kernel/load.ts';
import { awkwardCase, randomCase, runCase, type KernelCase } from '../../../support/kernel-case.ts';

const KINDS: KernelKind[] = ['relaxed-simd', 'simd', 'javascript'];
const kernels = {} as Record<KernelKind, Kernel>;

beforeAll(async () => {
  for (const kind of KINDS) kernels[kind] = await loadKernel(kind);
});

function isAllowed({ allowed }: KernelCase, row: number): boolean {
  return ((allowed[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
}

/** The best rows by sorting all that are allowed. */
function naiveBest(one: KernelCase, similarityOf: (i: number) => number) {
  const best = one.rows
    .map((row, i) => ({ row, similarity: similarityOf(i) }))
    .filter(({ row }) => isAllowed(one, row))
    .sort((a, b) => b.similarity - a.similarity || a.row - b.row)
    .slice(0, one.k);
  return {
    rows: Uint32Array.from(best, ({ row }) => row),
    similarities: Float32Array.from(best, ({ similarity }) => similarity)
  };
}

function naiveDot(
  x: ArrayLike<number>,
  from: number,
  y: ArrayLike<number>,
  length: number
): number {
  let sum = 0;
  for (let d = 0; d < length; d++) sum += x[from + d]! * y[d]!;
  return sum;
}

describe.each(KINDS)('the kernel of kind %s', (kind) => {
  const run = (one: KernelCase, blockRows?: number) => runCase(kernels[kind], one, blockRows);

  test('notes the sum of each row of codes and its length, rounded up', () => {
    const one = randomCase(1, { dimensions: 100, count: 40 });
    const { sums, lengths } = run(one);
    for (let i = 0; i < 40; i++) {
      const codes = one.codes.subarray(i * 100, (i + 1) * 100);
      const squares = codes.reduce((sum, c) => sum + c * c, 0);
      expect(sums[i]).toBe(codes.reduce((sum, c) => sum + c, 0));
      expect(lengths[i]! ** 2).toBeGreaterThanOrEqual(squares);
      expect(lengths[i]).toBeCloseTo(Math.sqrt(squares), 3);
    }
  });

  test('folds a query into scales as finely as 16 bits allow', () => {
    const one = randomCase(2, { dimensions: 384, count: 10 });
    const { folded, unit } = run(one);
    expect(Math.max(...folded.map(Math.abs))).toBe(32_000);
    one.query.forEach((value, d) => {
      expect(Math.abs(folded[d]! - (value * one.scales[d]!) / unit)).toBeLessThan(0.51);
    });
  });

  test('rounds halves of a step to the even side', () => {
    const query = Float32Array.of(32_000, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 3);
    const scales = new Float32Array(8).fill(1);
    const { folded } = run(randomCase(3, { dimensions: 8, count: 1, query, scales }));
    expect([...folded.subarray(0, 8)]).toEqual([32_000, 0, 2, 2, 0, -2, -2, 3]);
  });

  test.each([
    ['many', 300, 384],
    ['few', 5, 384],
    ['padded', 300, 100],
    ['one-dimensional', 300, 1],
    ['long', 100, 3072]
  ])('finds the best of %s rows by codes, exactly as integers say', (_name, count, dimensions) => {
    const one = randomCase(4, { dimensions, count });
    const { folded, unit, codes, compared } = run(one);
    const best = naiveBest(one, (i) =>
      Math.fround(Math.fround(naiveDot(one.codes, i * dimensions, folded, dimensions)) * unit)
    );
    expect(codes).toEqual(best);
    expect(compared[0]).toBe(count);
    for (const [n, row] of codes.rows.entries()) {
      const folds = one.query.map((value, d) => value * one.scales[d]!);
      const exact = naiveDot(one.codes, row * dimensions, folds, dimensions);
      expect(Math.abs(codes.similarities[n]! - exact)).toBeLessThan(1e-5);
    }
  });

  test.each([1, 16, 100, 384])('finds the best rows by float32 in %i dimensions', (dimensions) => {
    const one = randomCase(5, { dimensions, count: 300 });
    const { floats, compared } = run(one);
    const best = naiveBest(one, (i) =>
      naiveDot(one.vectors, i * dimensions, one.query, dimensions)
    );
    expect(floats.rows).toEqual(best.rows);
    floats.similarities.forEach((value, n) => expect(value).toBeCloseTo(best.similarities[n]!, 6));
    expect(compared[1]).toBe(300);
  });

  test('does not overflow where every value is the largest', () => {
    const [dimensions, count] = [3072, 3];
    const one = randomCase(6, {
      dimensions,
      count,
      query: new Float32Array(dimensions).fill(1),
      scales: new Float32Array(dimensions).fill(1 / 127),
      codes: new Int8Array(dimensions * count).fill(127)
    });
    one.codes.fill(-127, dimensions, 2 * dimensions);
    const { codes, folded } = run(one);
    expect([...codes.rows]).toEqual([0, 2, 1]);
    // As near to 2³¹ as it goes, but not past it.
    expect(naiveDot(one.codes, 0, folded, dimensions)).toBeGreaterThan(2 ** 31 * 0.999);
    for (const [n, expected] of [3072, 3072, -3072].entries()) {
      expect(codes.similarities[n]! / expected).toBeCloseTo(1, 3);
    }
  });

  test('misses no row that only the last bits of the folded query tell from others', () => {
    // Folded as it is; the upper digits of all but the first value are zero.
    const query = Float32Array.from({ length: 101 }, (_, d) => (d === 0 ? 32_000 : 255));
    const codes = new Int8Array(2 * 101);
    codes.fill(2, 0, 38).set([1]);
    codes.fill(2, 102);
    const scales = new Float32Array(101).fill(1);
    const one = randomCase(14, { dimensions: 101, count: 2, query, codes, scales, k: 1 });
    expect(run(one).codes).toEqual({
      rows: Uint32Array.of(1),
      similarities: Float32Array.of(51_000)
    });
  });

  test.each(['query', 'scales'] as const)(
    'finds similarity 0 everywhere when %s are zero',
    (part) => {
      const zeros = { [part]: new Float32Array(20) };
      const { codes, unit, folded } = run(
        randomCase(7, { dimensions: 20, count: 30, k: 3, ...zeros })
      );
      expect(unit).toBe(0);
      expect(folded.every((value) => value === 0)).toBe(true);
      expect(codes).toEqual({ rows: Uint32Array.of(0, 1, 2), similarities: new Float32Array(3) });
    }
  );

  test('takes a query too small for float32 steps as zero, and a large one as it is', () => {
    const sized = (size: number) => {
      const [query, scales] = [Float32Array.of(size), Float32Array.of(1)];
      return run(randomCase(8, { dimensions: 1, count: 1, query, scales }));
    };
    expect(sized(1e-35)).toMatchObject({ unit: 0, folded: new Int16Array(16) });
    expect(sized(1e-25).folded[0]).toBe(32_000);
    expect(sized(1e30).folded[0]).toBe(32_000);
  });

  test('keeps the lower rows among equals, in whatever order they come', () => {
    const equals = {
      codes: new Int8Array(50 * 16).fill(3),
      vectors: new Float32Array(800).fill(1)
    };
    const rows = Array.from({ length: 50 }, (_, i) => (i * 7) % 50);
    const { codes, floats } = run(
      randomCase(9, { dimensions: 16, count: 50, rows, k: 4, ...equals })
    );
    expect([...codes.rows]).toEqual([0, 1, 2, 3]);
    expect([...floats.rows]).toEqual([0, 1, 2, 3]);
  });

  test.each([
    ['nothing', 0, 0],
    ['one row', 1, 1],
    ['all rows', 100, 30]
  ])('keeps %s when k is %i of 30', (_name, k, kept) => {
    const { codes, floats } = run(randomCase(10, { dimensions: 16, count: 30, k }));
    expect(codes.rows).toHaveLength(kept);
    expect(floats.rows).toHaveLength(kept);
  });

  test.each([
    ['none in an empty bitmap', [], []],
    ['none without bits', [0, 0, 0, 0, 0], []],
    ['those within a short bitmap', [0b1010_0000], [5, 7]],
    ['those with a bit', [1, 0, 0b100, 0, 0b10], [0, 18, 33]]
  ])('compares of 40 rows only %s', (_name, bits, expected) => {
    const allowed = Uint8Array.from(bits);
    const { codes, floats, compared } = run(
      randomCase(11, { dimensions: 16, count: 40, k: 40, allowed })
    );
    expect([...codes.rows].sort((a, b) => a - b)).toEqual(expected);
    expect([...floats.rows].sort((a, b) => a - b)).toEqual(expected);
    expect(compared).toEqual([expected.length, expected.length]);
  });

  test('tells rows by their numbers, which need not follow each other', () => {
    const rows = [4_000_000, 3, 70, 12];
    const allowed = new Uint8Array(500_001);
    allowed.set([0b1000], 0);
    allowed.set([0b1], 500_000);
    const { codes } = run(randomCase(12, { dimensions: 16, count: 4, rows, allowed }));
    expect([...codes.rows].sort((a, b) => a - b)).toEqual([3, 4_000_000]);
  });

  test('finds the same in one block and in many', () => {
    const one = randomCase(13, { dimensions: 64, count: 500, k: 20 });
    expect(run(one, 7).codes).toEqual(run(one).codes);
  });
});

test('all kinds write the same bytes, whatever they are given', () => {
  for (let seed = 1; seed <= 120; seed++) {
    const one = awkwardCase(seed);
    const blockRows = seed % 3 ? undefined : 50;
    const [relaxed, simd, javascript] = KINDS.map((kind) => runCase(kernels[kind], one, blockRows));
    const size = `case ${seed}: ${one.rows.length} × ${one.dimensions}, k ${one.k}`;
    expect(relaxed, size).toEqual(simd);
    expect(javascript, size).toEqual(simd);
  }
});

test('rows take a multiple of 16 elements', () => {
  expect([1, 16, 17, 1536].map(strideOf)).toEqual([16, 16, 32, 1536]);
});

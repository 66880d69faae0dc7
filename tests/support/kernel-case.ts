import { Arena } from '#lib/index/kernel/arena.ts';
import { readHeap, resetHeap } from '#lib/index/kernel/heap.ts';
import { foldedBytes, heapBytes, strideOf, type Kernel } from '#lib/index/kernel/kernel.ts';
import { seededRandom } from './random.ts';

/** Everything a scan reads, in plain arrays. */
export interface KernelCase {
  dimensions: number;
  /** `count × dimensions`, row-major. */
  codes: Int8Array;
  vectors: Float32Array;
  rows: number[];
  scales: Float32Array;
  query: Float32Array;
  allowed: Uint8Array;
  k: number;
}

/** What a kernel made of a case; everything it wrote is in `bytes`, folded digits left out. */
export interface KernelAnswer {
  unit: number;
  folded: Int16Array;
  sums: number[];
  lengths: number[];
  compared: number[];
  codes: ReturnType<typeof readHeap>;
  floats: ReturnType<typeof readHeap>;
  bytes: Uint8Array[];
}

/** Puts a case into the kernel's memory, in blocks of `blockRows` that share scales, and scans it. */
export function runCase(kernel: Kernel, one: KernelCase, blockRows = Infinity): KernelAnswer {
  const { memory } = kernel;
  const count = one.rows.length;
  const stride = strideOf(one.dimensions);
  const arena = new Arena(memory);
  const codes = arena.allocate(count * stride);
  const vectors = arena.allocate(4 * count * stride);
  const rows = arena.allocate(4 * count);
  const stats = arena.allocate(8 * count);
  const query = arena.allocate(4 * stride);
  const scales = arena.allocate(4 * stride);
  const folded = arena.allocate(foldedBytes(stride));
  const allowed = arena.allocate(one.allowed.length);
  const codeHeap = arena.allocate(heapBytes(one.k));
  const floatHeap = arena.allocate(heapBytes(one.k));
  // What another test left here must not matter.
  arena.bytesAt(64, arena.used - 64).fill(0);

  for (let i = 0; i < count; i++) {
    const [from, to] = [i * one.dimensions, (i + 1) * one.dimensions];
    new Int8Array(memory.buffer, codes + i * stride, stride).set(one.codes.subarray(from, to));
    arena.floatsAt(vectors + 4 * i * stride, stride).set(one.vectors.subarray(from, to));
  }
  arena.wordsAt(rows, count).set(one.rows);
  arena.floatsAt(query, stride).set(one.query);
  arena.floatsAt(scales, stride).set(one.scales);
  arena.bytesAt(allowed, one.allowed.length).set(one.allowed);
  resetHeap(memory, codeHeap, one.k);
  resetHeap(memory, floatHeap, one.k);

  kernel.noteRows(codes, count, stride, stats);
  const lengths = Array.from({ length: count }, (_, i) => arena.floatsAt(stats + 8 * i + 4, 1)[0]!);
  const unit = kernel.fold(query, scales, stride, Math.max(0, ...lengths), folded);
  const compared = [0, 0];
  for (let i = 0; i < count; i += blockRows) {
    const size = Math.min(blockRows, count - i);
    const bitmap = [allowed, one.allowed.length] as const;
    compared[0]! += kernel.scanCodes(
      codes + i * stride,
      stats + 8 * i,
      rows + 4 * i,
      size,
      stride,
      folded,
      unit,
      ...bitmap,
      codeHeap
    );
    const at = vectors + 4 * i * stride;
    compared[1]! += kernel.scanFloats(at, rows + 4 * i, size, stride, query, ...bitmap, floatHeap);
  }
  return {
    unit,
    folded: new Int16Array(memory.buffer, folded, stride).slice(),
    sums: Array.from({ length: count }, (_, i) => arena.wordsAt(stats + 8 * i, 1)[0]! | 0),
    lengths,
    compared,
    codes: readHeap(memory, codeHeap),
    floats: readHeap(memory, floatHeap),
    bytes: [
      arena.bytesAt(stats, 8 * count),
      arena.bytesAt(folded, 2 * stride),
      arena.bytesAt(codeHeap, heapBytes(one.k)),
      arena.bytesAt(floatHeap, heapBytes(one.k))
    ].map((bytes) => bytes.slice())
  };
}

/** A case of random values; what is given in `parts` stands as it is. */
export function randomCase(
  seed: number,
  { dimensions, count, ...parts }: Partial<KernelCase> & { dimensions: number; count: number }
): KernelCase {
  const random = seededRandom(seed);
  const signed = () => 2 * random() - 1;
  return {
    dimensions,
    codes: Int8Array.from({ length: count * dimensions }, () => Math.round(127 * signed())),
    vectors: Float32Array.from({ length: count * dimensions }, signed),
    rows: Array.from({ length: count }, (_, i) => i),
    scales: Float32Array.from({ length: dimensions }, () => random() / 1000),
    query: Float32Array.from({ length: dimensions }, () => signed() / 20),
    allowed: new Uint8Array(Math.ceil(count / 8)).fill(255),
    k: 10,
    ...parts
  };
}

/** Seeded cases of every size and with what is awkward: outliers, ties, gaps, filters, zeros. */
export function awkwardCase(seed: number): KernelCase {
  const random = seededRandom(seed * 7919);
  const pick = <T>(...choices: T[]): T => choices[Math.floor(random() * choices.length)]!;
  const dimensions = pick(1, 3, 15, 16, 17, 48, 64, 100, 256, 384, 1000, 1536);
  const count = pick(0, 1, 2, 7, 64, 65, 200, 500);
  const one = randomCase(seed, { dimensions, count, k: pick(0, 1, 5, 40, 1000) });
  const step = pick(1, 1, 3);
  one.rows = one.rows.map((row) => row * step);
  const bytes = Math.floor((pick(0, 0.5, 1, 1, 2) * count * step) / 8) + pick(0, 1);
  const chance = pick(0.02, 0.5, 1, 1);
  one.allowed = Uint8Array.from({ length: bytes }, () => (random() < chance ? 255 : 1));
  const outlier = Math.floor(random() * dimensions);
  pick(
    () => undefined,
    () => undefined,
    // Near copies of the query: what is alike in the first digits.
    () =>
      one.codes.forEach(
        (c, i) => (one.codes[i] = Math.round(c / 50 + 2000 * one.query[i % dimensions]!))
      ),
    () => one.codes.forEach((c, i) => (one.codes[i] = Math.sign(c))),
    () => (one.query[outlier] = 1000),
    () => (one.scales[outlier] = 3),
    () => one.query.fill(0),
    () => one.scales.fill(0),
    () => [one.codes.fill(-127), one.scales.fill(1), one.query.fill(1)],
    () => one.codes.fill(127),
    () => one.vectors.fill(0.5),
    () => one.codes.copyWithin(dimensions, 0, Math.floor(count / 2) * dimensions)
  )();
  return one;
}

import { Heap } from './heap.ts';
import type { Kernel } from './kernel.ts';

const { fround } = Math;

/*
 * The constants and steps of assembly/fold.ts; why they are so is told there. The sum of two float32
 * values, and their product, computed in 64 bits and then rounded are the float32 ones exactly.
 */
const ROUNDER = 12_582_912;
const LARGEST = 32_000;
const LARGEST_DOT = 2_147_000_000;
const SMALLEST = fround(1e-30);

/**
 * The kernel without SIMD, for browsers that lack it: the same memory, the same bits, some thirty
 * times slower with codes and eight with floats. A folded query has no digits for screening, since nothing is screened.
 */
export function javascriptKernel(memory: WebAssembly.Memory): Kernel {
  return {
    kind: 'javascript',
    memory,

    noteRows(codes, count, stride, stats) {
      const values = new Int8Array(memory.buffer, codes, count * stride);
      const sums = new Int32Array(memory.buffer, stats, 2 * count);
      const lengths = new Float32Array(memory.buffer, stats, 2 * count);
      for (let i = 0; i < count; i++) {
        let sum = 0;
        let squares = 0;
        for (let d = i * stride; d < (i + 1) * stride; d++) {
          sum += values[d]!;
          squares += values[d]! ** 2;
        }
        sums[2 * i] = sum;
        lengths[2 * i + 1] = rootRoundedUp(squares);
      }
    },

    fold(query, scales, stride, maxLength, folded) {
      const target = new Int16Array(memory.buffer, folded, stride);
      const values = new Float32Array(memory.buffer, query, stride).slice();
      const factors = new Float32Array(memory.buffer, scales, stride);
      let largest = 0;
      for (let d = 0; d < stride; d++) {
        values[d]! *= factors[d]!;
        largest = Math.max(largest, Math.abs(values[d]!));
      }
      if (largest < SMALLEST) {
        target.fill(0);
        return 0;
      }
      let step = fround(LARGEST / largest);
      const length = Math.sqrt(quantise(values, step, target));
      const rounding = 0.5 * Math.sqrt(stride);
      if ((length + rounding) * maxLength > LARGEST_DOT) {
        step = fround((step * (LARGEST_DOT / maxLength - rounding)) / length);
        quantise(values, step, target);
      }
      return fround(1 / step);
    },

    scanCodes(codes, _stats, rows, count, stride, folded, unit, allowed, allowedBytes, heap) {
      const values = new Int8Array(memory.buffer, codes, count * stride);
      const query = new Int16Array(memory.buffer, folded, stride);
      return scan(rows, count, allowed, allowedBytes, heap, (i) =>
        fround(fround(dotCodes(values, i * stride, query)) * unit)
      );
    },

    scanFloats(vectors, rows, count, stride, query, allowed, allowedBytes, heap) {
      const values = new Float32Array(memory.buffer, vectors, count * stride);
      const factors = new Float32Array(memory.buffer, query, stride);
      return scan(rows, count, allowed, allowedBytes, heap, (i) =>
        dotFloats(values, i * stride, factors)
      );
    }
  };

  /** Offers every allowed row of a block to the heap; returns how many that were. */
  function scan(
    rows: number,
    count: number,
    allowed: number,
    allowedBytes: number,
    heap: number,
    similarityOf: (i: number) => number
  ): number {
    const numbers = new Uint32Array(memory.buffer, rows, count);
    const bitmap = new Uint8Array(memory.buffer, allowed, allowedBytes);
    const best = new Heap(memory.buffer, heap);
    let { threshold } = best;
    let compared = 0;
    for (let i = 0; i < count; i++) {
      const row = numbers[i]!;
      if (((bitmap[row >>> 3] ?? 0) & (1 << (row & 7))) === 0) continue;
      compared++;
      const similarity = similarityOf(i);
      if (similarity < threshold) continue;
      best.offer(row, similarity);
      ({ threshold } = best);
    }
    return compared;
  }
}

/** Writes value × step as integers; returns the sum of their squares, added in eight lanes. */
function quantise(values: Float32Array, step: number, target: Int16Array): number {
  const sums = new Float32Array(8);
  for (let d = 0; d < values.length; d++) {
    const x = fround(values[d]! * step);
    sums[d & 7]! += fround(x * x);
    target[d] = fround(x + ROUNDER) - ROUNDER;
  }
  for (let lane = 0; lane < 4; lane++) sums[lane]! += sums[lane + 4]!;
  return fround(fround(sums[0]! + sums[1]!) + fround(sums[2]! + sums[3]!));
}

function dotCodes(codes: Int8Array, from: number, query: Int16Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < query.length; i += 4, from += 4) {
    a = (a + codes[from]! * query[i]!) | 0;
    b = (b + codes[from + 1]! * query[i + 1]!) | 0;
    c = (c + codes[from + 2]! * query[i + 2]!) | 0;
    d = (d + codes[from + 3]! * query[i + 3]!) | 0;
  }
  return (a + b + c + d) | 0;
}

function dotFloats(vectors: Float32Array, from: number, query: Float32Array): number {
  const low = fround(dotLane(vectors, from, query, 0) + dotLane(vectors, from, query, 1));
  const high = fround(dotLane(vectors, from, query, 2) + dotLane(vectors, from, query, 3));
  return fround(low + high);
}

/** What one lane of the four accumulators of assembly/dot.ts adds up to. */
function dotLane(vectors: Float32Array, from: number, query: Float32Array, lane: number): number {
  let a = fround(0);
  let b = fround(0);
  let c = fround(0);
  let d = fround(0);
  for (let i = lane; i < query.length; i += 16) {
    const v = from + i;
    a = fround(a + fround(vectors[v]! * query[i]!));
    b = fround(b + fround(vectors[v + 4]! * query[i + 4]!));
    c = fround(c + fround(vectors[v + 8]! * query[i + 8]!));
    d = fround(d + fround(vectors[v + 12]! * query[i + 12]!));
  }
  return fround(fround(a + b) + fround(c + d));
}

/** √n as a float32, never less. */
function rootRoundedUp(n: number): number {
  let root = fround(Math.sqrt(n));
  while (root * root < n) root = nextUp(root);
  return root;
}

/** The float32 after a positive one. */
function nextUp(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0]!++;
  return new Float32Array(bits.buffer)[0]!;
}

import { addFloatLanes, addLanes, rootRoundedUp } from './lanes.ts';

/** Added to a float32 of less than 2²² it leaves the nearest integer, ties to even, in the low bits. */
const ROUNDER: f32 = 12582912;
const ROUNDER_BITS: i32 = 0x4b400000;

/** The largest folded value; 32,000 × 32,000 × 2 fits the i32 lanes that add two products. */
const LARGEST: f32 = 32000;
/** Below 2³¹ by more than the error of the float32 sum that is compared with it. */
const LARGEST_DOT: f64 = 2147000000;
/** A query that is folded to less than this is folded to nothing: its step would overflow. */
const SMALLEST: f32 = 1e-30;

/** See `Kernel.noteRows`. */
export function noteRows(codes: usize, count: u32, stride: usize, stats: usize): void {
  const ones = i16x8.splat(1);
  for (let i: u32 = 0; i < count; i++, stats += 8) {
    let sums = i32x4.splat(0);
    let squares = i32x4.splat(0);
    for (const end = codes + stride; codes < end; codes += 8) {
      const c = v128.load8x8_s(codes);
      sums = i32x4.add(sums, i32x4.dot_i16x8_s(c, ones));
      squares = i32x4.add(squares, i32x4.dot_i16x8_s(c, c));
    }
    store<i32>(stats, addLanes(sums));
    store<f32>(stats, rootRoundedUp(addLanes(squares)), 4);
  }
}

/** See `Kernel.fold`. */
export function fold(
  query: usize,
  scales: usize,
  stride: usize,
  maxLength: f64,
  folded: usize
): f32 {
  const largest = largestFolded(query, scales, stride);
  if (largest < SMALLEST) {
    memory.fill(folded, 0, 3 * stride + 16);
    return 0;
  }
  let step: f32 = LARGEST / largest;
  const length = Math.sqrt(f64(quantise(query, scales, stride, step, folded)));
  // Rounding moves each value by up to a half, and so a length by up to half the root of their number.
  const rounding = 0.5 * Math.sqrt(f64(stride));
  if ((length + rounding) * maxLength > LARGEST_DOT) {
    step = f32((f64(step) * (LARGEST_DOT / maxLength - rounding)) / length);
    quantise(query, scales, stride, step, folded);
  }
  if (ASC_FEATURE_RELAXED_SIMD) splitFolded(folded, stride);
  return f32(1 / f64(step));
}

/** The largest |query × scale|. */
function largestFolded(query: usize, scales: usize, stride: usize): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  for (const end = query + 4 * stride; query < end; query += 32, scales += 32) {
    const low = f32x4.mul(v128.load(query), v128.load(scales));
    const high = f32x4.mul(v128.load(query, 16), v128.load(scales, 16));
    a = f32x4.pmax(a, f32x4.abs(low));
    b = f32x4.pmax(b, f32x4.abs(high));
  }
  a = f32x4.pmax(a, b);
  return max(
    max(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1)),
    max(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3))
  );
}

/** Writes query × scale × step as int16; returns the sum of their squares, nearly. */
function quantise(query: usize, scales: usize, stride: usize, step: f32, folded: usize): f32 {
  const steps = f32x4.splat(step);
  const rounder = f32x4.splat(ROUNDER);
  const bits = i32x4.splat(ROUNDER_BITS);
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  for (const end = query + 4 * stride; query < end; query += 32, scales += 32, folded += 16) {
    const x = f32x4.mul(f32x4.mul(v128.load(query), v128.load(scales)), steps);
    const y = f32x4.mul(f32x4.mul(v128.load(query, 16), v128.load(scales, 16)), steps);
    a = f32x4.add(a, f32x4.mul(x, x));
    b = f32x4.add(b, f32x4.mul(y, y));
    const low = i32x4.sub(f32x4.add(x, rounder), bits);
    const high = i32x4.sub(f32x4.add(y, rounder), bits);
    v128.store(folded, i16x8.narrow_i32x4_s(low, high));
  }
  return addFloatLanes(f32x4.add(a, b));
}

/**
 * Writes after the int16 values their upper digits, value = 512 × (digit - 64) + rest, as the 7 bits
 * that relaxed multiplication takes, and √Σrest², rounded up.
 */
function splitFolded(folded: usize, stride: usize): void {
  const half = i16x8.splat(256);
  const offset = i16x8.splat(64);
  let squares = i32x4.splat(0);
  let digits = folded + 2 * stride;
  for (const end = digits; folded < end; folded += 32, digits += 16) {
    const low = v128.load(folded);
    const high = v128.load(folded, 16);
    const lowDigits = i16x8.shr_s(i16x8.add(low, half), 9);
    const highDigits = i16x8.shr_s(i16x8.add(high, half), 9);
    const lowRest = i16x8.sub(low, i16x8.shl(lowDigits, 9));
    const highRest = i16x8.sub(high, i16x8.shl(highDigits, 9));
    squares = i32x4.add(squares, i32x4.dot_i16x8_s(lowRest, lowRest));
    squares = i32x4.add(squares, i32x4.dot_i16x8_s(highRest, highRest));
    v128.store(
      digits,
      i8x16.narrow_i16x8_s(i16x8.add(lowDigits, offset), i16x8.add(highDigits, offset))
    );
  }
  store<f32>(digits, rootRoundedUp(addLanes(squares)));
}

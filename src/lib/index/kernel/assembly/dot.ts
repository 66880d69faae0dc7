import { addFloatLanes, addLanes } from './lanes.ts';

/** Codes × int16; sums may wrap on their way, the last one does not. */
export function dotCodes(codes: usize, folded: usize, stride: usize): i32 {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  for (const end = codes + stride; codes < end; codes += 16, folded += 32) {
    a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load8x8_s(codes), v128.load(folded)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load8x8_s(codes, 8), v128.load(folded, 16)));
  }
  return addLanes(i32x4.add(a, b));
}

/** Codes × digits of 7 bits. */
export function dotDigits(codes: usize, digits: usize, stride: usize): i32 {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  let c = i32x4.splat(0);
  let d = i32x4.splat(0);
  const end = codes + stride;
  for (const whole = codes + (stride & ~63); codes < whole; codes += 64, digits += 64) {
    a = dotInto(a, v128.load(codes), v128.load(digits));
    b = dotInto(b, v128.load(codes, 16), v128.load(digits, 16));
    c = dotInto(c, v128.load(codes, 32), v128.load(digits, 32));
    d = dotInto(d, v128.load(codes, 48), v128.load(digits, 48));
  }
  for (; codes < end; codes += 16, digits += 16) {
    a = dotInto(a, v128.load(codes), v128.load(digits));
  }
  return addLanes(i32x4.add(i32x4.add(a, b), i32x4.add(c, d)));
}

function dotInto(sum: v128, codes: v128, digits: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(codes, digits, sum);
}

/**
 * Of float32 vectors. Multiplied and added apart, since a fused step rounds otherwise and not every
 * machine has it.
 */
export function dotFloats(x: usize, y: usize, stride: usize): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  for (const end = x + 4 * stride; x < end; x += 64, y += 64) {
    a = f32x4.add(a, f32x4.mul(v128.load(x), v128.load(y)));
    b = f32x4.add(b, f32x4.mul(v128.load(x, 16), v128.load(y, 16)));
    c = f32x4.add(c, f32x4.mul(v128.load(x, 32), v128.load(y, 32)));
    d = f32x4.add(d, f32x4.mul(v128.load(x, 48), v128.load(y, 48)));
  }
  return addFloatLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

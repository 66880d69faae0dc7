import { dotFloats } from './dot.ts';

/** Below what a module of hnswlib-wasm has in its memory: see COUNTER in ../../point-calls.ts. */
const COUNTER: usize = 16;

/**
 * The distance of two points as hnswlib's inner-product space has it: 1 − their product. Takes the
 * place of the library's own function, which adds one number after the other; `count` is where the
 * number of dimensions stands. Points need no alignment. Counts how often it is called.
 */
export function innerProductDistance(x: usize, y: usize, count: usize): f32 {
  store<u32>(COUNTER, load<u32>(COUNTER) + 1);
  const dimensions: usize = load<u32>(count);
  const whole = dimensions & ~15;
  let sum = dotFloats(x, y, whole);
  const end = x + 4 * dimensions;
  x += 4 * whole;
  y += 4 * whole;
  for (; x < end; x += 4, y += 4) sum += load<f32>(x) * load<f32>(y);
  return 1 - sum;
}

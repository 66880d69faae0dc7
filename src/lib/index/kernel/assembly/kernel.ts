/*
 * The kernel in AssemblyScript: TypeScript in looks, WebAssembly in types. src/site/kernel-plugin.ts
 * compiles it with and without relaxed SIMD. What each function promises is told by `Kernel` in
 * ../kernel.ts; ../javascript.ts does the same, in the same order, without SIMD.
 *
 * Rows are read one after another, not several at a time: one stream of memory suits the
 * processor's prefetcher best (measured: four streams are three times slower).
 */

import { dotCodes, dotDigits, dotFloats } from './dot.ts';
import { fold, noteRows } from './fold.ts';
import { offer, thresholdOf } from './heap.ts';

export { fold, noteRows };

/** Rows that go without screening after it failed to pay. */
const REST: i32 = 64;

/** See `Kernel.scanCodes`. */
export function scanCodes(
  codes: usize,
  stats: usize,
  rows: usize,
  count: u32,
  stride: usize,
  folded: usize,
  unit: f32,
  allowed: usize,
  allowedBytes: u32,
  heap: usize
): u32 {
  const digits = folded + 2 * stride;
  const rest = ASC_FEATURE_RELAXED_SIMD ? f64(load<f32>(digits + stride)) : 0;
  let threshold = thresholdOf(heap);
  let least = leastDot(threshold, unit);
  let credit = 0;
  let compared: u32 = 0;
  for (let i: u32 = 0; i < count; i++, codes += stride, stats += 8, rows += 4) {
    const row = load<u32>(rows);
    if (!isAllowed(allowed, allowedBytes, row)) continue;
    compared++;
    if (ASC_FEATURE_RELAXED_SIMD) {
      // Screening a row costs less than comparing it, but a row that passes costs both. It goes on
      // while two rows are screened out for one that passes, and is tried again after a rest.
      if (credit < 0) credit++;
      else if (threshold > -Infinity) {
        // By Cauchy and Schwarz the rests add at most length × rest. All of this is known before the
        // digits are multiplied: what follows on that is kept short, for the rows are.
        const missing = least - f64(load<f32>(stats, 4)) * rest;
        const limit = missing / 512 + 64 * f64(load<i32>(stats));
        if (f64(dotDigits(codes, digits, stride)) < limit) {
          if (credit < REST) credit++;
          continue;
        }
        credit = credit < 2 ? -REST : credit - 2;
      }
    }
    const similarity = f32(dotCodes(codes, folded, stride)) * unit;
    if (similarity >= threshold) {
      offer(heap, row, similarity);
      threshold = thresholdOf(heap);
      if (ASC_FEATURE_RELAXED_SIMD) least = leastDot(threshold, unit);
    }
  }
  return compared;
}

/**
 * A dot product below this is of a similarity below the threshold, however the similarity is rounded
 * (by 2⁻²⁴ twice) and whatever is computed from this in 64 bits (which errs by less than 1).
 */
function leastDot(threshold: f32, unit: f32): f64 {
  const dot = f64(threshold) / f64(unit);
  return dot - abs(dot) * 4e-7 - 1;
}

/** See `Kernel.scanFloats`. */
export function scanFloats(
  vectors: usize,
  rows: usize,
  count: u32,
  stride: usize,
  query: usize,
  allowed: usize,
  allowedBytes: u32,
  heap: usize
): u32 {
  let threshold = thresholdOf(heap);
  let compared: u32 = 0;
  for (let i: u32 = 0; i < count; i++, vectors += 4 * stride, rows += 4) {
    const row = load<u32>(rows);
    if (!isAllowed(allowed, allowedBytes, row)) continue;
    compared++;
    const similarity = dotFloats(vectors, query, stride);
    if (similarity >= threshold) {
      offer(heap, row, similarity);
      threshold = thresholdOf(heap);
    }
  }
  return compared;
}

function isAllowed(allowed: usize, allowedBytes: u32, row: u32): bool {
  const byte = row >> 3;
  return byte < allowedBytes && ((load<u8>(allowed + byte) >> (row & 7)) & 1) != 0;
}

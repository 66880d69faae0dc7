/** How a kernel computes: 128 bits at a time, the same with relaxed instructions, or without either. */
export type KernelKind = 'relaxed-simd' | 'simd' | 'javascript';

/**
 * The innermost loops, on plain memory. Every kind gives the same bits: integers are exact, and
 * floats are added in the order that 128-bit lanes add them. Addresses are byte offsets into
 * `memory`, multiples of 16. Nothing is checked here; the callers know their sizes.
 *
 * A set of rows is a bitmap: bit `row & 7` of byte `row >> 3`; rows past its end are not in it.
 *
 * A heap keeps the `k` best rows offered to it, equal similarities by rising row. It is laid out as
 * `size`, `k` (u32 each), then `k` similarities (f32) and `k` rows (u32); see `heapBytes`.
 */
export interface Kernel {
  readonly kind: KernelKind;
  readonly memory: WebAssembly.Memory;

  /**
   * Notes of each of `count` rows of codes what screening needs: the sum of its codes (i32) and
   * their length √Σc² (f32, rounded up), 8 bytes a row at `stats`.
   */
  noteRows(codes: number, count: number, stride: number, stats: number): void;

  /**
   * Folds a query (`stride` f32, zeros past the dimensions) into a block's `scales` (`stride` f32),
   * so that its codes can be multiplied as they are: `stride` int16 at `folded`, as fine as 16 bits
   * and the longest row's length (`maxLength`) allow without overflow, and after them what screening
   * the scan of the same kind screens with; `foldedBytes(stride)` in all. Returns the similarity that
   * one unit of the integer dot product stands for (a float32 value): 0, with nothing but zeros, when
   * no value × scale reaches 1e-30.
   */
  fold(query: number, scales: number, stride: number, maxLength: number, folded: number): number;

  /**
   * Offers every allowed row of a block to the heap with its similarity, `unit` × the integer dot
   * product of its codes (`count × stride` int8 at `codes`) with the folded query. Rows are u32 at
   * `rows`. Returns how many were compared.
   */
  scanCodes(
    codes: number,
    stats: number,
    rows: number,
    count: number,
    stride: number,
    folded: number,
    unit: number,
    allowed: number,
    allowedBytes: number,
    heap: number
  ): number;

  /**
   * Offers every allowed row to the heap with its float32 dot product with the query: vectors are
   * `count × stride` f32, query `stride` f32, both with zeros past the dimensions. Returns how many
   * were compared.
   */
  scanFloats(
    vectors: number,
    rows: number,
    count: number,
    stride: number,
    query: number,
    allowed: number,
    allowedBytes: number,
    heap: number
  ): number;
}

/** Rows of codes and floats take a multiple of 16 elements, so that lanes need no remainder. */
export function strideOf(dimensions: number): number {
  return Math.ceil(dimensions / 16) * 16;
}

/** Bytes of a folded query; see {@link Kernel.fold}. */
export function foldedBytes(stride: number): number {
  return 3 * stride + 16;
}

/** Bytes of a heap of `k` rows. */
export function heapBytes(k: number): number {
  return 8 + 8 * k;
}

import { bitAt } from '#lib/base/bits.ts';
import type { Arena } from './kernel/arena.ts';
import { readHeap, resetHeap } from './kernel/heap.ts';
import { foldedBytes, heapBytes, strideOf, type Kernel } from './kernel/kernel.ts';
import type { Block } from './vector-table.ts';

/** Vectors are copied to the kernel a tile at a time: small enough to stay in the processor's cache. */
const TILE_BYTES = 256 * 1024;

/** Rows and similarities, the most similar first. */
export interface Scored {
  rows: Uint32Array<ArrayBuffer>;
  similarities: Float32Array<ArrayBuffer>;
}

/**
 * Compares questions with blocks of vectors, and keeps the best rows of each. It has memory of its
 * own in the kernel, so one scanner is used for one scan at a time.
 */
export class Scanner {
  readonly #kernel: Kernel;
  readonly #arena: Arena;
  readonly #dimensions: number;
  readonly #stride: number;
  readonly #folded: number;
  readonly #tile: number;
  readonly #tileRows: number;
  readonly #tileNumbers: number;
  readonly #queries: Region;
  readonly #heaps: Region;
  readonly #allowed: Region;
  #bits: Uint8Array = new Uint8Array(0);
  #count = 0;
  #heapBytes = 0;
  #allowedBytes = 0;
  #compared = 0;

  constructor(kernel: Kernel, arena: Arena, dimensions: number) {
    this.#kernel = kernel;
    this.#arena = arena;
    this.#dimensions = dimensions;
    this.#stride = strideOf(dimensions);
    this.#folded = arena.allocate(foldedBytes(this.#stride));
    this.#tileRows = Math.max(1, Math.floor(TILE_BYTES / (4 * this.#stride)));
    this.#tile = arena.allocate(4 * this.#tileRows * this.#stride);
    this.#tileNumbers = arena.allocate(4 * this.#tileRows);
    this.#queries = new Region(arena);
    this.#heaps = new Region(arena);
    this.#allowed = new Region(arena);
  }

  /** Vectors that each question was compared with since {@link begin}. */
  get compared(): number {
    return this.#compared;
  }

  /**
   * Starts a scan for questions (`count × dimensions`), keeping the `k` best rows of `allowed` (a
   * bitmap) for each. Throws `IndexError` `out-of-memory`; a scan that was begun before is lost then.
   */
  begin(queries: Float32Array, k: number, allowed: Uint8Array): void {
    const dimensions = this.#dimensions;
    const stride = this.#stride;
    this.#count = queries.length / dimensions;
    this.#heapBytes = Math.ceil(heapBytes(k) / 16) * 16;
    this.#allowedBytes = allowed.length;
    this.#bits = allowed;
    this.#compared = 0;
    this.#queries.reserve(4 * stride * this.#count);
    this.#heaps.reserve(this.#heapBytes * this.#count);
    this.#allowed.reserve(allowed.length);
    this.#arena.bytesAt(this.#allowed.address, allowed.length).set(allowed);
    for (let n = 0; n < this.#count; n++) {
      const query = this.#arena.floatsAt(this.#queryAt(n), stride);
      query.fill(0, dimensions);
      query.set(queries.subarray(n * dimensions, (n + 1) * dimensions));
      resetHeap(this.#kernel.memory, this.#heapAt(n), k);
    }
  }

  /** Compares with a block's codes, which it must have. */
  scanCodes({ codes, rows }: Block): void {
    const kernel = this.#kernel;
    const { codes: at, stats, rows: numbers, scales, maxLength } = codes!;
    const stride = this.#stride;
    let compared = 0;
    for (let n = 0; n < this.#count; n++) {
      const unit = kernel.fold(this.#queryAt(n), scales, stride, maxLength, this.#folded);
      compared = kernel.scanCodes(
        at,
        stats,
        numbers,
        rows.length,
        stride,
        this.#folded,
        unit,
        this.#allowed.address,
        this.#allowedBytes,
        this.#heapAt(n)
      );
    }
    this.#compared += compared;
  }

  /** Compares with vectors as they are: `rows.length × dimensions`. */
  scanFloats(rows: Uint32Array, vectors: Float32Array): void {
    const isAllowed = (place: number) => bitAt(this.#bits, rows[place]!);
    for (let from = 0; from < rows.length; from++) {
      if (!isAllowed(from)) continue;
      let to = from + 1;
      while (to < rows.length && to < from + this.#tileRows && isAllowed(to)) to++;
      this.#scanTile(rows.subarray(from, to), vectors, from);
      from = to - 1;
    }
  }

  #scanTile(rows: Uint32Array, vectors: Float32Array, from: number): void {
    this.#arena.wordsAt(this.#tileNumbers, rows.length).set(rows);
    this.#copyTile(vectors, from, rows.length);
    for (let n = 0; n < this.#count; n++) {
      this.#kernel.scanFloats(
        this.#tile,
        this.#tileNumbers,
        rows.length,
        this.#stride,
        this.#queryAt(n),
        this.#allowed.address,
        this.#allowedBytes,
        this.#heapAt(n)
      );
    }
    this.#compared += rows.length;
  }

  /** What was found for question `n`. */
  found(n = 0): Scored {
    return readHeap(this.#kernel.memory, this.#heapAt(n));
  }

  #queryAt(n: number): number {
    return this.#queries.address + 4 * this.#stride * n;
  }

  #heapAt(n: number): number {
    return this.#heaps.address + this.#heapBytes * n;
  }

  #copyTile(vectors: Float32Array, from: number, count: number): void {
    const dimensions = this.#dimensions;
    const stride = this.#stride;
    const tile = this.#arena.floatsAt(this.#tile, count * stride);
    if (stride === dimensions) {
      tile.set(vectors.subarray(from * dimensions, (from + count) * dimensions));
      return;
    }
    for (let n = 0; n < count; n++) {
      const start = (from + n) * dimensions;
      tile.set(vectors.subarray(start, start + dimensions), n * stride);
    }
  }
}

/** A piece of the kernel's memory that is taken anew, larger, when it is too small. */
class Region {
  readonly #arena: Arena;
  #bytes = 0;
  address = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Throws `IndexError` `out-of-memory`, and is as large as before then. */
  reserve(bytes: number): void {
    if (bytes <= this.#bytes) return;
    // Twice as much, so that what is left behind never adds up to more than what is used.
    this.address = this.#arena.allocate(2 * bytes);
    this.#bytes = 2 * bytes;
  }
}

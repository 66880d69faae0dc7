import { IndexError } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';

/** Rows near a query, the nearest first, with their distance (1 − inner product). */
export interface NearRows {
  rows: Uint32Array<ArrayBuffer>;
  distances: Float32Array<ArrayBuffer>;
  /** Points that the query was compared with on the way. */
  compared: number;
}

/**
 * What hnswlib-wasm's module exports, with what src/site/hnswlib-transform.ts adds. Graphs, points and
 * queues are addresses in its memory.
 */
export interface HnswlibExports {
  memory: WebAssembly.Memory;
  /** 0 when there is no room. */
  malloc(bytes: number): number;
  free(address: number): void;
  addPoint(graph: number, point: number, label: number, replaceDeleted: 0 | 1): void;
  /** Writes a priority queue to `queue`, whose values the caller frees; `filter` 0 is none. */
  searchKnn(queue: number, graph: number, query: number, k: number, filter: 0): void;
}

/** Embind's hold on a C++ object. */
export interface Held {
  readonly $$: { readonly ptr: number };
}

/** A `std::priority_queue`: begin and end of its values, and end of its room. */
const QUEUE_BYTES = 12;
/**
 * Where the distance (kernel/assembly/distance.ts) counts its calls: below 1,024, where a compiled
 * module's own data begins, and not at 0, where it looks for stray writes.
 */
const COUNTER = 16;

/**
 * The two calls that handle vectors, made as C++ makes them: with the address of a vector in the
 * graph's memory. The library's own way hands numbers over one by one, which takes longer than the
 * search. Nothing is checked.
 */
export class PointCalls {
  readonly #wasm: HnswlibExports;
  readonly #index: Held;
  readonly #dimensions: number;
  readonly #vector: number;
  readonly #queue: number;

  /** Throws `IndexError` `graph-failed` when there is no memory left. */
  constructor(wasm: HnswlibExports, index: Held, dimensions: number) {
    this.#wasm = wasm;
    this.#index = index;
    this.#dimensions = dimensions;
    this.#vector = wasm.malloc(4 * dimensions);
    this.#queue = wasm.malloc(QUEUE_BYTES);
    if (!this.#vector || !this.#queue)
      throw new IndexError('graph-failed', 'The graph library has no memory left.');
  }

  /** Adds a row with its vector. Throws a `WebAssembly.Exception` when there is no room. */
  add(row: Row, vector: Float32Array): void {
    this.#wasm.addPoint(this.#graph(), this.#put(vector), row, 0);
  }

  /** About the `k` nearest rows, equally near ones by row. */
  search(vector: Float32Array, k: number): NearRows {
    const before = this.#count();
    this.#wasm.searchKnn(this.#queue, this.#graph(), this.#put(vector), k, 0);
    const { buffer } = this.#wasm.memory;
    const [begin = 0, end = 0] = new Uint32Array(buffer, this.#queue, 2);
    // Pairs of a distance and a row, in the order of a heap.
    const distances = new Float32Array(buffer, begin, (end - begin) / 4);
    const rows = new Uint32Array(buffer, begin, (end - begin) / 4);
    const order = Array.from({ length: rows.length / 2 }, (_, i) => 2 * i).sort(
      (a, b) => distances[a]! - distances[b]! || rows[a + 1]! - rows[b + 1]!
    );
    const near = {
      rows: Uint32Array.from(order, (i) => rows[i + 1]!),
      distances: Float32Array.from(order, (i) => distances[i]!),
      compared: (this.#count() - before) >>> 0
    };
    this.#wasm.free(begin);
    return near;
  }

  /** The address of hnswlib's graph: the second field of the object that embind knows. */
  #graph(): number {
    return new Uint32Array(this.#wasm.memory.buffer, this.#index.$$.ptr, 2)[1]!;
  }

  #count(): number {
    return new Uint32Array(this.#wasm.memory.buffer, COUNTER, 1)[0]!;
  }

  /** Views are made anew each time: memory may have grown. */
  #put(vector: Float32Array): number {
    new Float32Array(this.#wasm.memory.buffer, this.#vector, this.#dimensions).set(vector);
    return this.#vector;
  }
}

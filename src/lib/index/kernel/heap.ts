/** Makes the heap at this address (a multiple of 4) an empty one for `k` rows. */
export function resetHeap(memory: WebAssembly.Memory, heap: number, k: number): void {
  new Uint32Array(memory.buffer, heap, 2).set([0, k]);
}

/** The rows a heap keeps and their similarities, best first; equal similarities by rising row. */
export function readHeap(
  memory: WebAssembly.Memory,
  heap: number
): { rows: Uint32Array<ArrayBuffer>; similarities: Float32Array<ArrayBuffer> } {
  const { size, similarities, rows } = new Heap(memory.buffer, heap);
  const order = Array.from({ length: size }, (_, i) => i).sort(
    (a, b) => similarities[b]! - similarities[a]! || rows[a]! - rows[b]!
  );
  return {
    rows: Uint32Array.from(order, (i) => rows[i]!),
    similarities: Float32Array.from(order, (i) => similarities[i]!)
  };
}

/**
 * A heap in a kernel's memory, as assembly/heap.ts keeps it: equal offers leave equal bytes. Valid
 * until the memory grows.
 */
export class Heap {
  /** Of all `k` places; those from `size` on mean nothing. */
  readonly similarities: Float32Array;
  readonly rows: Uint32Array;
  readonly #head: Uint32Array;

  constructor(buffer: ArrayBufferLike, heap: number) {
    this.#head = new Uint32Array(buffer, heap, 2);
    const k = this.#head[1]!;
    this.similarities = new Float32Array(buffer, heap + 8, k);
    this.rows = new Uint32Array(buffer, heap + 8 + 4 * k, k);
  }

  get size(): number {
    return this.#head[0]!;
  }

  /** Similarity below which an offer is in vain; -Infinity until `k` rows are kept. */
  get threshold(): number {
    if (this.size < this.rows.length) return -Infinity;
    return this.similarities[0] ?? Infinity;
  }

  /** Keeps the row if it is among the `k` best so far. `similarity` is a float32 value. */
  offer(row: number, similarity: number): void {
    if (this.size < this.rows.length) this.#rise(this.#head[0]!++, row, similarity);
    else if (this.size > 0 && this.#isWeaker(0, row, similarity)) this.#sink(row, similarity);
  }

  /** Whether what stands at `place` is weaker than the row given. */
  #isWeaker(place: number, row: number, similarity: number): boolean {
    const kept = this.similarities[place]!;
    return kept < similarity || (kept === similarity && this.rows[place]! > row);
  }

  #put(place: number, row: number, similarity: number): void {
    this.rows[place] = row;
    this.similarities[place] = similarity;
  }

  #rise(place: number, row: number, similarity: number): void {
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#isWeaker(parent, row, similarity)) break;
      this.#put(place, this.rows[parent]!, this.similarities[parent]!);
      place = parent;
    }
    this.#put(place, row, similarity);
  }

  /** Replaces the weakest, on top, and lets the newcomer sink to its place. */
  #sink(row: number, similarity: number): void {
    let place = 0;
    for (let child = 1; child < this.size; child = 2 * place + 1) {
      const right = child + 1;
      if (
        right < this.size &&
        this.#isWeaker(right, this.rows[child]!, this.similarities[child]!)
      ) {
        child = right;
      }
      if (!this.#isWeaker(child, row, similarity)) break;
      this.#put(place, this.rows[child]!, this.similarities[child]!);
      place = child;
    }
    this.#put(place, row, similarity);
  }
}

import type { Row } from '#lib/base/ids.ts';

/**
 * Keeps the `k` most similar of the rows offered, as a binary heap with the weakest on top. Equal
 * similarities are told apart by row, the lower first, so that an answer never depends on the order
 * of the offers.
 */
export class TopK {
  #size = 0;
  readonly #rows: Uint32Array;
  readonly #similarities: Float32Array;

  constructor(k: number) {
    this.#rows = new Uint32Array(k);
    this.#similarities = new Float32Array(k);
  }

  /** Similarity below which an offer is in vain; -Infinity until `k` rows are kept. */
  get threshold(): number {
    if (this.#size < this.#rows.length) return -Infinity;
    return this.#similarities[0] ?? Infinity;
  }

  /** Keeps the row if it is among the `k` most similar so far. `similarity` is a float32 value. */
  offer(row: Row, similarity: number): void {
    if (this.#size < this.#rows.length) this.#rise(this.#size++, row, similarity);
    else if (this.#size > 0 && this.#weaker(0, row, similarity)) this.#sink(row, similarity);
  }

  /** The rows kept and their similarities, the most similar first. */
  sorted(): { rows: Uint32Array<ArrayBuffer>; similarities: Float32Array<ArrayBuffer> } {
    const order = Array.from({ length: this.#size }, (_, i) => i).sort(
      (a, b) => this.#similarities[b]! - this.#similarities[a]! || this.#rows[a]! - this.#rows[b]!
    );
    return {
      rows: Uint32Array.from(order, (i) => this.#rows[i]!),
      similarities: Float32Array.from(order, (i) => this.#similarities[i]!)
    };
  }

  /** Whether what stands at `place` is weaker than the row given. */
  #weaker(place: number, row: Row, similarity: number): boolean {
    const kept = this.#similarities[place]!;
    return kept < similarity || (kept === similarity && this.#rows[place]! > row);
  }

  #put(place: number, row: Row, similarity: number): void {
    this.#rows[place] = row;
    this.#similarities[place] = similarity;
  }

  #rise(place: number, row: Row, similarity: number): void {
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#weaker(parent, row, similarity)) break;
      this.#put(place, this.#rows[parent]!, this.#similarities[parent]!);
      place = parent;
    }
    this.#put(place, row, similarity);
  }

  /** Replaces the weakest, on top, and lets the newcomer sink to its place. */
  #sink(row: Row, similarity: number): void {
    let place = 0;
    for (let child = 1; child < this.#size; child = 2 * place + 1) {
      const right = child + 1;
      if (
        right < this.#size &&
        this.#weaker(right, this.#rows[child]!, this.#similarities[child]!)
      ) {
        child = right;
      }
      if (!this.#weaker(child, row, similarity)) break;
      this.#put(place, this.#rows[child]!, this.#similarities[child]!);
      place = child;
    }
    this.#put(place, row, similarity);
  }
}

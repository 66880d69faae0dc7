import type { Postings } from './bm25.ts';

/** Postings that were read, the least recently used forgotten when they take more than `mostBytes`. */
export class PostingsCache {
  readonly #mostBytes: number;
  readonly #kept = new Map<string, Postings>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** The postings of a word; read where they are not known. */
  get(word: string, read: () => Postings): Postings {
    const known = this.#kept.get(word);
    const postings = known ?? read();
    // Behind all others: a map keeps the order in which its keys were set.
    if (known) this.#kept.delete(word);
    else this.#bytes += bytesOf(postings);
    this.#kept.set(word, postings);
    this.#forget();
    return postings;
  }

  /** Forgets all. */
  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #forget(): void {
    for (const [word, postings] of this.#kept) {
      if (this.#bytes <= this.#mostBytes) return;
      this.#kept.delete(word);
      this.#bytes -= bytesOf(postings);
    }
  }
}

function bytesOf({ rows, counts }: Postings): number {
  return rows.byteLength + counts.byteLength;
}

/** A collection of vectors that answers which of them are nearest: what is measured of everybody. */
export interface System {
  /**
   * From vectors in memory (`n × dimensions`, row-major, L2-normalised) to being able to answer. The
   * caller lets go of `vectors` afterwards: what is needed later is kept here.
   */
  build(vectors: Float32Array<ArrayBuffer>, dimensions: number): Promise<void>;

  /** Resolves when what goes on behind the first answers has ended. */
  settle?(): Promise<void>;

  /** The `k` rows nearest to `query`. */
  search(query: Float32Array<ArrayBuffer>, k: number): Rows | Promise<Rows>;

  /** The same among the rows of a bitmap: bit `row & 7` of byte `row >> 3`. */
  searchFiltered?(
    query: Float32Array<ArrayBuffer>,
    k: number,
    allowed: Uint8Array
  ): Rows | Promise<Rows>;

  /** What the system tells of the answer it gave last. */
  lastAnswer?(): LastAnswer;

  /** Milliseconds the index alone took to build, where that is not build and settling. */
  indexMs?(): number;

  /**
   * Milliseconds from vectors in memory to the first answer with everything kept on the disk, where
   * settling did that; null where nothing is kept.
   */
  storedMs?(): number | null;

  /** Sets how thoroughly an approximate search looks (`efSearch`). */
  setEffort?(effort: number): void;

  /** Answers from now on by another method, from what was built. */
  setMethod?(method: string): void;

  /** Keeps it on the disk, as the system itself offers. */
  save?(): Promise<void>;

  /**
   * From vectors in memory to being able to answer with everything kept on the disk, where this is
   * not {@link build} followed by {@link save}. Measured in a worker of its own.
   */
  buildStored?(vectors: Float32Array<ArrayBuffer>, dimensions: number): Promise<void>;

  /** Resolves when what is still being written behind the answers is on the disk; not timed. */
  kept?(): Promise<void>;

  /** From what {@link save} or {@link buildStored} kept to being able to answer, after a reload. */
  open?(dimensions: number): Promise<void>;

  /** What the system itself says it holds in memory. */
  ownBytes?(): number | Promise<number>;
}

/** Times of one answer, in milliseconds; undefined where there was no such step. */
export interface LastAnswer {
  /** Comparing with the vectors, or their codes. */
  scanMs: number | undefined;
  /** Until a first answer, which the final one replaced. */
  firstMs: number | undefined;
}

/** Row numbers, the nearest first. */
export type Rows = ArrayLike<number>;

/** Makes a system that answers by one of its methods; its code is loaded by then. */
export type Loader = (method: string) => Promise<System>;

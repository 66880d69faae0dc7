/** Vectors to measure on. */
export interface DataSpec {
  /** The generator's name, or the file's. */
  data: string;
  n: number;
  dim: number;
}

/** A way of one system to search. */
export interface Candidate {
  system: string;
  method: string;
  /** Other methods that answer from what this one built. */
  also?: string[];
  /** Efforts (efSearch) to go through until recall@10 reaches 0.99, in a second row. */
  ladder?: number[];
}

/** What was measured of one candidate on one set of vectors; null where there is no such thing. */
export interface Result extends DataSpec {
  system: string;
  method: string;
  /** The effort (efSearch) it took, where a ladder of them was gone through. */
  effort?: number;
  /** From vectors in memory to the first answer in the page. */
  readyMs: number;
  /** The same with everything kept on the disk. */
  readyStoredMs: number | null;
  /** Until nothing goes on behind the answers, or what the system counts of its index alone. */
  buildMs: number;
  /** The search alone, in the worker, until it first answers. */
  kernelP50Ms: number;
  /** From the page's question to the page's answer. */
  p50Ms: number;
  p95Ms: number;
  /** The comparison alone, by the system's own count. */
  scanP50Ms: number | null;
  /** In the worker until a provisional answer; null where the first answer is the final one. */
  firstP50Ms: number | null;
  recall10: number;
  /** What the browser holds more than before, the given vectors let go. */
  memoryBytes: number;
  /** What the system says it holds. */
  ownBytes: number | null;
  diskBytes: number | null;
  /** From a reloaded page to the first answer. */
  openMs: number | null;
  /** The worker's time until its final answer with one row in a hundred allowed. */
  filteredP50Ms: number | null;
  filteredRecall10: number | null;
  /** What else there is to know. */
  note?: string;
}

/** What was not measured, and why, as a sentence. */
export interface Skipped extends DataSpec {
  system: string;
  method: string;
  why: string;
}

/** Reading plainly, in WebAssembly. */
export interface ReadSpeed {
  bytes: number;
  gbPerSecond: number;
}

/** Everything of one run. */
export interface VectorReport {
  machine: Record<string, string | number>;
  /** The speed at the largest size, and at each. */
  limit: { gbPerSecond: number; sizes: ReadSpeed[] };
  results: Result[];
  skipped: Skipped[];
}

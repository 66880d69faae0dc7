import type { Precision } from './types.ts';

/** How much a new observation counts against all before it. */
const WEIGHT = 0.25;
/** An observation counts for at most so many times the average: one hiccup is no trend. */
const MAX_RISE = 2;
/** Browsers' clocks tick every tenth of a millisecond: what is shorter says nothing. */
const MIN_MS = 0.3;

/**
 * What comparing costs on this machine. It starts from cautious guesses, is calibrated when a
 * collection is opened, and learns from every answer; nothing else is known of a reader's machine.
 */
export class Costs {
  /** Nanoseconds to compare one byte of codes, or of float32 vectors. */
  readonly #perByte: Record<Precision, Average> = {
    int8: new Average(0.3),
    float32: new Average(0.4)
  };
  readonly #calibratedBytes: Record<Precision, number> = { int8: 0, float32: 0 };
  /** Milliseconds of the graph's search for each candidate it keeps (efSearch). */
  readonly #perCandidate = new Average(0.05);
  /** Milliseconds to re-score one vector: from memory, or read from the store. */
  readonly #rescore = { memory: new Average(0.002), store: new Average(0.6) };

  /** Milliseconds to compare a question with so many bytes. */
  scanMs(precision: Precision, bytes: number): number {
    return (this.#perByte[precision].value * bytes) / 1e6;
  }

  /**
   * Milliseconds of a search of the graph; until one has been seen, by what one took for each candidate
   * when the graph was measured, in an earlier session perhaps.
   */
  graphMs(efSearch: number, measuredPerCandidate?: number): number {
    const { value, isGuess } = this.#perCandidate;
    return efSearch * (isGuess ? (measuredPerCandidate ?? value) : value);
  }

  /** Milliseconds to re-score so many vectors. */
  rescoreMs(vectors: number, from: 'memory' | 'store'): number {
    return this.#rescore[from].value * vectors;
  }

  /** Whether nothing is known yet, or only from a comparison of less than half as many bytes. */
  isVague(precision: Precision, bytes: number): boolean {
    return bytes > 2 * this.#calibratedBytes[precision];
  }

  /** A comparison of so many bytes, one of several in a row, took so long. */
  calibrate(precision: Precision, bytes: number, ms: number): void {
    this.#perByte[precision].set((1e6 * ms) / bytes);
    this.#calibratedBytes[precision] = bytes;
  }

  /** A scan of every row took so long: one of a few rows costs more for each of them. */
  observeScan(precision: Precision, bytes: number, ms: number): void {
    if (ms >= MIN_MS) this.#perByte[precision].add((1e6 * ms) / bytes);
  }

  /** A search of the graph took so long. */
  observeGraph(efSearch: number, ms: number): void {
    if (efSearch > 0 && ms >= MIN_MS) this.#perCandidate.add(ms / efSearch);
  }

  /** Re-scoring took so long. */
  observeRescore(vectors: number, from: 'memory' | 'store', ms: number): void {
    if (vectors > 0) this.#rescore[from].add(ms / vectors);
  }
}

/** An average that forgets, and starts from a guess that the first observation replaces. */
class Average {
  value: number;
  /** Whether nothing has been observed yet. */
  isGuess = true;

  constructor(guess: number) {
    this.value = guess;
  }

  /** Puts a value that is known well in place of all before it. */
  set(value: number): void {
    this.value = value;
    this.isGuess = false;
  }

  add(value: number): void {
    const weight = this.isGuess ? 1 : WEIGHT;
    this.value += weight * (Math.min(value, MAX_RISE * this.value) - this.value);
    this.isGuess = false;
  }
}

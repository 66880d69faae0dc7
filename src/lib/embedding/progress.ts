import type { Clock, PacerState } from './pacer.ts';
import type { RunProgress } from './run.ts';

/** Least time between two reports. */
const EVERY_MS = 100;
/** Rows per second are those of this last stretch. */
const RATE_WINDOW_MS = 20_000;

const RATE_LIMIT_NOTICE = 'The endpoint asked for a pause: rate limit.';

/** Counts what a run has done and reports it, at most ten times a second, and once at the end. */
export class ProgressReporter {
  rowsDone = 0;
  rowsFailed = 0;
  tokens = 0;
  costUsd = 0;
  phase: 'running' | 'paused' | 'stopping' = 'running';
  /** What went wrong at the last try; null once an answer came. */
  trouble: string | null = null;

  readonly #rowsTotal: number;
  readonly #pace: () => PacerState;
  readonly #report: (progress: RunProgress) => void;
  readonly #clock: Clock;
  readonly #end = new AbortController();
  #settled: { at: number; rows: number }[] = [];
  #rateFrom: number;
  #reportedAt = -Infinity;
  #due = false;

  constructor(options: {
    rowsTotal: number;
    pace: () => PacerState;
    report: (progress: RunProgress) => void;
    clock: Clock;
  }) {
    this.#rowsTotal = options.rowsTotal;
    this.#pace = options.pace;
    this.#report = options.report;
    this.#clock = options.clock;
    this.#rateFrom = options.clock.now();
  }

  /** Counts rows that are done or failed, for the rate. */
  settle(rows: number): void {
    this.#settled.push({ at: this.#clock.now(), rows });
    this.changed();
  }

  /** Measures the rate from now on: a pause is not slowness. */
  restartRate(): void {
    this.#settled = [];
    this.#rateFrom = this.#clock.now();
    this.changed();
  }

  /** Reports soon; call after any change. */
  changed(): void {
    if (this.#due || this.#end.signal.aborted) return;
    const left = this.#reportedAt + EVERY_MS - this.#clock.now();
    if (left <= 0) return this.#reportNow();
    this.#due = true;
    void this.#clock.sleep(left, this.#end.signal).then(
      () => this.#reportNow(),
      // Ended meanwhile: the last report says it all.
      () => {}
    );
  }

  /** The last report. */
  finish(): void {
    this.#end.abort();
    this.#reportNow();
  }

  #reportNow(): void {
    this.#due = false;
    this.#reportedAt = this.#clock.now();
    const { rowsDone, rowsFailed, tokens, costUsd, phase } = this;
    const rowsTotal = this.#rowsTotal;
    const { inFlight, concurrency, waitUntil } = this.#pace();
    const waiting = phase === 'running' && waitUntil !== null;
    const rowsPerSecond = this.#rowsPerSecond();
    const rowsLeft = rowsTotal - rowsDone - rowsFailed;
    this.#report({
      state: waiting ? 'waiting' : phase,
      rowsDone,
      rowsTotal,
      rowsFailed,
      rowsPerSecond,
      secondsLeft: phase === 'running' && rowsPerSecond > 0 ? rowsLeft / rowsPerSecond : null,
      tokens,
      costUsd,
      inFlight,
      concurrency,
      waitUntil,
      notice: waiting ? RATE_LIMIT_NOTICE : this.trouble
    });
  }

  #rowsPerSecond(): number {
    const now = this.#clock.now();
    const from = Math.max(this.#rateFrom, now - RATE_WINDOW_MS);
    this.#settled = this.#settled.filter(({ at }) => at >= from);
    const rows = this.#settled.reduce((sum, settled) => sum + settled.rows, 0);
    return now > from ? (rows * 1000) / (now - from) : 0;
  }
}

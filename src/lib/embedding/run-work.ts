import { ProviderError, toErrorData, type ErrorData } from '#lib/base/errors.ts';
import { isFatal, MAX_TRIES, mayBeOfSomeInput, sendUntilSettled } from './attempts.ts';
import { packRequests } from './batch.ts';
import { CommitQueue } from './commit-queue.ts';
import { costUsd } from './cost.ts';
import { cutLongTexts, PartVectors, type Piece } from './long-text.ts';
import { ProgressReporter } from './progress.ts';
import type { RunOptions, RunOutcome, RunUnit } from './run.ts';
import type { EmbeddingAnswer, EmbeddingRequest } from './types.ts';

/**
 * Requests made up, as a multiple of those that may be in flight: when a whole round of answers
 * comes at once, the next one is ready to be sent.
 */
const ROUNDS_READY = 2;
/** Answers that may wait to be kept before requests wait for the store. */
const MAX_BACKLOG = 4;
/** Requests in a row that are given up before the endpoint is taken for gone. */
const MAX_EXHAUSTED = 3;
/** Further requests spent on finding the refused inputs of one; each takes some twenty of 2,048. */
const MAX_HALVINGS = 128;
/** Tries of a part of a request whose answers stayed unusable: each of those may be paid for. */
const MAX_PART_TRIES = 2;

/** How far the inputs at fault in one request are looked for. */
interface Search {
  halvings: number;
  /** Tries of an error that some input may cause. */
  tries: number;
}

interface GivenUp {
  pieces: Piece[];
  error: ProviderError;
  search: Search;
}

/** The work of one run; see `runEmbedding` for what it promises. */
export class RunWork {
  readonly #options: RunOptions;
  readonly #progress: ProgressReporter;
  readonly #commits: CommitQueue;
  readonly #parts = new PartVectors();
  /** Aborted when nothing more is to be sent… */
  readonly #withdraw = new AbortController();
  /** …and when what is in flight is not wanted either. */
  readonly #abort = new AbortController();
  /** Long texts that failed by one of their parts. */
  readonly #failedLong = new Set<RunUnit>();
  /** Given up in a row; they are settled once the endpoint answers again. */
  #exhausted: GivenUp[] = [];
  #answered = false;
  #outstanding = 0;
  #unkept = { tokens: 0, requests: 0 };
  #dimensions: number;
  #error: ErrorData | undefined;
  #wake: () => void = () => {};

  constructor(options: RunOptions) {
    const { pacer, clock, totals, onProgress, expectedDimensions } = options;
    this.#options = options;
    this.#dimensions = expectedDimensions;
    this.#progress = new ProgressReporter({
      rowsTotal: totals.rows,
      pace: () => pacer.state,
      report: onProgress,
      clock
    });
    this.#commits = new CommitQueue(
      (error) => this.#stop(error, true),
      () => this.#wake()
    );
  }

  async run(): Promise<RunOutcome> {
    const unsubscribe = this.#options.pacer.onChange(() => {
      this.#wake();
      this.#progress.changed();
    });
    this.#progress.changed();
    try {
      await this.#sendAll();
    } catch (error) {
      this.#stop(error, false);
    }
    await this.#until(() => this.#outstanding === 0);
    while (this.#exhausted.length > 0 && !this.#withdraw.signal.aborted) {
      this.#settleExhausted();
      await this.#until(() => this.#outstanding === 0);
    }
    this.#keep([], []);
    await this.#until(() => this.#commits.size === 0);
    unsubscribe();
    this.#options.pacer.resume(this);
    this.#progress.finish();
    this.#progress.phase = 'stopping';
    const { rowsDone, rowsFailed } = this.#progress;
    const error = this.#error;
    if (error) return { state: 'stopped', rowsDone, rowsFailed, error };
    return { state: this.#withdraw.signal.aborted ? 'cancelled' : 'done', rowsDone, rowsFailed };
  }

  pause(): void {
    if (this.#progress.phase !== 'running') return;
    this.#progress.phase = 'paused';
    this.#options.pacer.pause(this);
    this.#progress.changed();
  }

  resume(): void {
    if (this.#progress.phase !== 'paused') return;
    this.#progress.phase = 'running';
    this.#progress.restartRate();
    this.#options.pacer.resume(this);
    this.#wake();
  }

  cancel(): void {
    this.#end(true);
  }

  async #sendAll(): Promise<void> {
    const { provider, units, loadTokenizer } = this.#options;
    const { limits } = provider;
    const pieces = cutLongTexts(units, limits.maxInputTokens, loadTokenizer);
    for await (const request of packRequests(pieces, limits)) {
      await this.#until(() => this.#hasRoom() || this.#withdraw.signal.aborted);
      if (this.#withdraw.signal.aborted) return;
      this.#track(this.#deliver(request, { halvings: MAX_HALVINGS, tries: MAX_TRIES }));
    }
  }

  #track(delivery: Promise<void>): void {
    this.#outstanding++;
    void delivery.then(() => {
      this.#outstanding--;
      this.#wake();
    });
  }

  #hasRoom(): boolean {
    const most = ROUNDS_READY * this.#options.pacer.state.concurrency;
    return (
      this.#progress.phase === 'running' &&
      this.#outstanding < most &&
      this.#commits.size < MAX_BACKLOG
    );
  }

  /** Sends pieces and sees to whatever comes of it; `search` bounds that for bad inputs. */
  async #deliver(all: Piece[], search: Search): Promise<void> {
    const pieces = all.filter(({ unit }) => !this.#failedLong.has(unit));
    if (pieces.length === 0) return;
    const { clock, random } = this.#options;
    const verdict = await sendUntilSettled(() => this.#send(pieces), {
      clock,
      random,
      withdraw: this.#withdraw.signal,
      maxInputTries: search.tries,
      onFailedTry: (error) => this.#onFailedTry(pieces, error)
    });
    if (verdict.kind === 'answered') this.#accept(pieces, verdict.answer);
    else if (verdict.kind === 'exhausted') {
      this.#exhausted.push({ pieces, error: verdict.error, search });
      if (this.#exhausted.length >= MAX_EXHAUSTED) this.#stop(verdict.error, false);
    } else if (verdict.kind === 'refused') {
      await this.#halveOrFail({ pieces, error: verdict.error, search });
    }
  }

  async #halveOrFail({ pieces, error, search }: GivenUp): Promise<void> {
    if (pieces.length === 1 || search.halvings <= 0) return this.#fail(pieces, error);
    search.halvings -= 2;
    const middle = Math.ceil(pieces.length / 2);
    await this.#deliver(pieces.slice(0, middle), search);
    await this.#deliver(pieces.slice(middle), search);
  }

  #send(pieces: Piece[]): Promise<EmbeddingAnswer> {
    const { pacer, model, dimensions } = this.#options;
    const inputs = pieces.map(({ text }) => text);
    const request = { inputs, model, ...(dimensions === undefined ? {} : { dimensions }) };
    return pacer.schedule(() => this.#embed(pieces, request), {
      signal: this.#withdraw.signal,
      owner: this
    });
  }

  /** One try. A fatal error stops the run from in here, before its slot goes to another request. */
  async #embed(pieces: Piece[], request: EmbeddingRequest): Promise<EmbeddingAnswer> {
    const { provider } = this.#options;
    try {
      const answer = await provider.embed(request, this.#abort.signal);
      this.#dimensions ||= answer.dimensions;
      if (answer.dimensions === this.#dimensions) return answer;
      this.#billAnswer(pieces, answer);
      throw otherDimensions(answer.dimensions, this.#dimensions);
    } catch (error) {
      if (isFatal(error) && !this.#withdraw.signal.aborted) this.#stop(error, false);
      throw error;
    }
  }

  #onFailedTry(pieces: Piece[], error: ProviderError): void {
    this.#progress.trouble = error.message;
    // An answer that can't be used was paid for all the same.
    if (error.code === 'malformed') this.#bill(countTokens(pieces));
    this.#progress.changed();
  }

  #accept(pieces: Piece[], answer: EmbeddingAnswer): void {
    this.#billAnswer(pieces, answer);
    const { dimensions } = answer;
    this.#answered = true;
    this.#progress.trouble = null;
    this.#settleExhausted();

    const units: RunUnit[] = [];
    const vectors: Float32Array[] = [];
    pieces.forEach((piece, n) => {
      if (this.#failedLong.has(piece.unit)) return;
      const vector = answer.vectors.subarray(n * dimensions, (n + 1) * dimensions);
      const whole = this.#parts.add(piece, vector);
      if (!whole) return;
      units.push(piece.unit);
      vectors.push(whole);
    });
    if (units.length > 0) this.#keep(units, vectors);
  }

  /** Commits units with all that was spent since the last commit; spending alone is kept, too. */
  #keep(units: RunUnit[], vectors: Float32Array[]): void {
    const { tokens, requests } = this.#unkept;
    if (units.length === 0 && requests === 0) return;
    this.#unkept = { tokens: 0, requests: 0 };
    const joined = new Float32Array(units.length * this.#dimensions);
    vectors.forEach((vector, n) => joined.set(vector, n * this.#dimensions));
    const batch = { units, vectors: joined, tokens, costUsd: this.#price(tokens), requests };
    this.#commits.push(async () => {
      await this.#options.commit(batch);
      const rows = countRows(units);
      this.#progress.rowsDone += rows;
      this.#progress.settle(rows);
    });
  }

  /**
   * When the endpoint answered others, or there are no others: what was given up fails, or is
   * searched for the inputs at fault, unless nothing was ever answered or the run was stopped.
   */
  #settleExhausted(): void {
    const [first] = this.#exhausted;
    if (this.#withdraw.signal.aborted || !first) return;
    if (!this.#answered) return this.#stop(first.error, false);
    for (const givenUp of this.#exhausted.splice(0)) {
      const { pieces, error, search } = givenUp;
      search.tries = MAX_PART_TRIES;
      if (mayBeOfSomeInput(error)) this.#track(this.#halveOrFail(givenUp));
      else this.#fail(pieces, error);
    }
  }

  #fail(pieces: Piece[], error: ProviderError): void {
    const units = [...new Set(pieces.map(({ unit }) => unit))].filter(
      (unit) => !this.#failedLong.has(unit)
    );
    for (const { unit, parts } of pieces) {
      if (parts === 1) continue;
      this.#failedLong.add(unit);
      this.#parts.drop(unit);
    }
    if (units.length === 0) return;
    this.#commits.push(async () => {
      await this.#options.fail(units, error);
      const rows = countRows(units);
      this.#progress.rowsFailed += rows;
      this.#progress.settle(rows);
    });
  }

  /** What the endpoint counted, else what was counted here; of a free model nothing is bought. */
  #billAnswer(pieces: Piece[], { tokens }: EmbeddingAnswer): void {
    const isFree = this.#options.usdPerMillionTokens === 0;
    this.#bill(tokens || (isFree ? 0 : countTokens(pieces)));
  }

  #bill(tokens: number): void {
    this.#unkept.tokens += tokens;
    this.#unkept.requests++;
    this.#progress.tokens += tokens;
    this.#progress.costUsd += this.#price(tokens);
  }

  #price(tokens: number): number {
    return costUsd(tokens, this.#options) ?? 0;
  }

  #stop(error: unknown, abortInFlight: boolean): void {
    this.#error ??= toErrorData(error);
    this.#end(abortInFlight);
  }

  #end(abortInFlight: boolean): void {
    this.#progress.phase = 'stopping';
    this.#withdraw.abort();
    if (abortInFlight) this.#abort.abort();
    this.#progress.changed();
    this.#wake();
  }

  /** Waits until a condition holds; it is looked at again whenever anything changes. */
  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

function countTokens(pieces: Piece[]): number {
  return pieces.reduce((sum, { tokens }) => sum + tokens, 0);
}

function countRows(units: RunUnit[]): number {
  return units.reduce((sum, { rows }) => sum + rows.length, 0);
}

function otherDimensions(found: number, expected: number): ProviderError {
  return new ProviderError(
    'dimensions',
    `The model answered with ${found} dimensions; this collection has ${expected}.`,
    'The server may have another model under this name now: embed the collection again with it.'
  );
}

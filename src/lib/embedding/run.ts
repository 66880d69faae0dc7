import type { ErrorData, ProviderError } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import type { Clock, Pacer } from './pacer.ts';
import { RunWork } from './run-work.ts';
import type { Provider, Tokenizer } from './types.ts';

/** A text to embed and the rows it stands for: equal texts are one unit. */
export interface RunUnit {
  hash: string;
  text: string;
  /** Counted tokens of the text. */
  tokens: number;
  rows: Row[];
}

/** What was bought, to be kept in one transaction. */
export interface RunBatch {
  /** Empty when what was bought completes no text, such as the first part of a long one. */
  units: RunUnit[];
  /** `units.length × dimensions`, row-major, L2-normalised. */
  vectors: Float32Array;
  /** Tokens, dollars and requests since the last batch. Dollars are 0 when the price is unknown. */
  tokens: number;
  costUsd: number;
  requests: number;
}

/** What a run needs. */
export interface RunOptions {
  provider: Provider;
  pacer: Pacer;
  units: AsyncIterable<RunUnit>;
  totals: { rows: number; tokens: number };
  model: string;
  /** Asked of models that can shorten. */
  dimensions?: number;
  /** What every answer must have; 0 takes what comes first. */
  expectedDimensions: number;
  usdPerMillionTokens: number | null;
  loadTokenizer: () => Promise<Tokenizer>;
  /** Acknowledges a batch: once it resolves, its units are never sent again. */
  commit: (batch: RunBatch) => Promise<void>;
  /** Lists units that can't be embedded, with the reason. */
  fail: (units: RunUnit[], error: ProviderError) => Promise<void>;
  onProgress: (progress: RunProgress) => void;
  clock: Clock;
  /** Numbers in [0, 1). */
  random: () => number;
}

/** How far a run is. */
export interface RunProgress {
  state: 'running' | 'waiting' | 'paused' | 'stopping';
  /** Rows whose vectors are kept. */
  rowsDone: number;
  rowsTotal: number;
  rowsFailed: number;
  rowsPerSecond: number;
  secondsLeft: number | null;
  /** Tokens and dollars bought so far; dollars are 0 when the price is unknown. */
  tokens: number;
  costUsd: number;
  inFlight: number;
  concurrency: number;
  /** When requests go on after a rate limit (epoch milliseconds), or null. */
  waitUntil: number | null;
  /** A sentence about what is going on, or null. */
  notice: string | null;
}

/** How a run ended. Rows that are neither done nor failed are pending as before. */
export interface RunOutcome {
  state: 'done' | 'cancelled' | 'stopped';
  rowsDone: number;
  rowsFailed: number;
  /** Why it stopped. */
  error?: ErrorData;
}

/** A run that is going on. */
export interface RunHandle {
  /** Never rejects. */
  done: Promise<RunOutcome>;
  /** Lets requests in flight finish (they are kept) and sends no more. */
  pause(): void;
  resume(): void;
  /** Aborts requests in flight, keeps what was answered, and ends. */
  cancel(): void;
}

/**
 * Embeds units in requests within the provider's limits, several in flight at the pacer's rate, and
 * hands every answer to `commit`. Keeping one answer does not hold up the next request, up to a
 * backlog; batches are kept one after another. Every unit is committed once, or failed once, or
 * stays pending when the run is cancelled or stopped.
 *
 * - A rate limit is waited out. A server that fails, can't be reached, is too slow or answers
 *   nonsense is tried again, up to `MAX_TRIES` times. When that is in vain for three requests in a
 *   row, or for all there were, the run stops and their rows stay pending. When the endpoint answers
 *   others, the rows fail; but after nonsense or a timeout the request is halved first.
 * - A refused input is found by halving its request, and fails alone; so, with fewer tries, does one
 *   whose answer is never usable or in time. When halvings run out, what is left fails together.
 * - Any other error, and a failed `commit`, stops the run.
 *
 * When the page is killed, what was sent and not yet acknowledged is bought again by the next run:
 * the requests in flight, the answers that wait to be kept (a few, see `MAX_BACKLOG`, and those that
 * were in flight when it filled up), and the parts of long texts whose other parts were not answered.
 * None of the first two is in the sum of what was spent.
 */
export function runEmbedding(options: RunOptions): RunHandle {
  const work = new RunWork(options);
  return {
    done: work.run(),
    pause: () => work.pause(),
    resume: () => work.resume(),
    cancel: () => work.cancel()
  };
}

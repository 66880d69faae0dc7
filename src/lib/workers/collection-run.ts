import type { CollectionId } from '#lib/base/ids.ts';
import type { Space } from '#lib/base/space.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { modelOfSpace } from '#lib/embedding/catalogue.ts';
import { realClock } from '#lib/embedding/pacer.ts';
import {
  runEmbedding,
  type RunHandle,
  type RunOutcome,
  type RunProgress
} from '#lib/embedding/run.ts';
import { loadTokenizer } from '#lib/embedding/tokens.ts';
import { CollectionWork } from './collection-work.ts';
import type { ProviderClient } from './provider-clients.ts';

/** What a run of a collection needs. */
export interface CollectionRunOptions {
  db: Database;
  id: CollectionId;
  /** Takes the rows in again that failed before. */
  retry: boolean;
  /** Who embeds; asked only when something has to be bought. */
  clientFor: (space: Space) => ProviderClient;
  onProgress: (progress: RunProgress) => void;
  /** Called whenever the store has changed. */
  onChange: () => void;
}

/**
 * Embeds what is pending in a collection: vectors that are held already are copied, the rest is
 * bought. Progress counts all live rows of the collection; the outcome, what this run did. It can be
 * paused and cancelled from the moment it is made.
 */
export class CollectionRun {
  readonly #cancelled = new AbortController();
  #paused = false;
  #buying: RunHandle | undefined;

  /**
   * Ends when nothing is pending, when cancelled, or for a reason the outcome names. Throws
   * `StoreError` when the store fails before the first request (`collection-gone`,
   * `quota-exceeded`, …), `ProviderError` `key` when the provider is not set up.
   */
  async start(options: CollectionRunOptions): Promise<RunOutcome> {
    const { db, id, retry, clientFor, onChange } = options;
    const work = await CollectionWork.load(db, id, retry);
    const { pending } = work;
    const report = (progress: RunProgress) =>
      options.onProgress({
        ...progress,
        rowsDone: progress.rowsDone + pending.done,
        rowsTotal: progress.rowsTotal + pending.done + pending.failed,
        rowsFailed: progress.rowsFailed + pending.failed
      });

    let copied = 0;
    await work.commitHeld(this.#cancelled.signal, (rows) => {
      copied += rows;
      report({ ...AT_THE_START, rowsTotal: pending.rows });
      onChange();
    });
    if (this.#cancelled.signal.aborted) {
      return { state: 'cancelled', rowsDone: copied, rowsFailed: 0 };
    }
    if (pending.rows === 0) {
      report(AT_THE_START);
      return { state: 'done', rowsDone: copied, rowsFailed: 0 };
    }
    this.#buying = buy(work, clientFor(work.collection.space), report, onChange);
    if (this.#paused) this.#buying.pause();
    const outcome = await this.#buying.done;
    return { ...outcome, rowsDone: outcome.rowsDone + copied };
  }

  /** Lets requests in flight finish and sends no more. */
  pause(): void {
    this.#paused = true;
    this.#buying?.pause();
  }

  /** Goes on after {@link pause}. */
  resume(): void {
    this.#paused = false;
    this.#buying?.resume();
  }

  /** Ends the run; what was acknowledged stays, the rest is pending. */
  cancel(): void {
    this.#cancelled.abort();
    this.#buying?.cancel();
  }
}

function buy(
  work: CollectionWork,
  { provider, pacer }: ProviderClient,
  onProgress: (progress: RunProgress) => void,
  onChange: () => void
): RunHandle {
  const { space } = work.collection;
  const { rows, tokens } = work.pending;
  const model = modelOfSpace(space);
  return runEmbedding({
    provider,
    pacer,
    units: work.units(),
    totals: { rows, tokens },
    model: model.id,
    ...dimensionsAsked(space),
    expectedDimensions: space.dimensions,
    usdPerMillionTokens: model.usdPerMillionTokens,
    loadTokenizer,
    commit: async ({ units, vectors, ...spent }) => {
      await work.commit(units, vectors, spent);
      onChange();
    },
    fail: async (units, error) => {
      await work.fail(units, error);
      onChange();
    },
    onProgress,
    clock: realClock,
    random: Math.random
  });
}

/** The dimensions to ask for: only text-embedding-3 models can be asked for fewer. */
export function dimensionsAsked(space: Space): { dimensions?: number } {
  return modelOfSpace(space).choices.length > 1 ? { dimensions: space.dimensions } : {};
}

/** Progress before anything is sent. */
const AT_THE_START: RunProgress = {
  state: 'running',
  rowsDone: 0,
  rowsTotal: 0,
  rowsFailed: 0,
  rowsPerSecond: 0,
  secondsLeft: null,
  tokens: 0,
  costUsd: 0,
  inFlight: 0,
  concurrency: 0,
  waitUntil: null,
  notice: null
};

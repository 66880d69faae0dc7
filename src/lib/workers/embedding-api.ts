import { makeAnnouncer } from '#lib/base/changes.ts';
import { ProviderError, StoreError } from '#lib/base/errors.ts';
import { hashKey, hashText } from '#lib/base/hash.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { getCachedVector, putCachedVector } from '#lib/collection/store/query-cache.ts';
import { addSpent } from '#lib/collection/store/runs.ts';
import { modelOfSpace } from '#lib/embedding/catalogue.ts';
import { costUsd } from '#lib/embedding/cost.ts';
import { realClock } from '#lib/embedding/pacer.ts';
import {
  runEmbedding,
  type RunHandle,
  type RunOutcome,
  type RunProgress
} from '#lib/embedding/run.ts';
import { spaceKey } from '#lib/embedding/space.ts';
import { loadTokenizer } from '#lib/embedding/tokens.ts';
import type { ProviderId, Space } from '#lib/embedding/types.ts';
import { ProviderClients, type Credentials } from './provider-clients.ts';
import { CollectionWork } from './collection-work.ts';

/** A query's vector, and what it took. */
export interface EmbeddedQuery {
  vector: Float32Array;
  /** From the cache: nothing was sent. */
  cached: boolean;
  tokens: number;
  ms: number;
}

/** What a first, tiny request to a provider showed. */
export interface ProbeResult {
  dimensions: number;
  ms: number;
}

/**
 * What the embedding worker does: holds the keys, asks the providers, and writes what they answer
 * into the store. Nothing else in the page calls an embeddings endpoint.
 */
export class EmbeddingApi {
  readonly #database: () => Promise<Database>;
  readonly #clients = new ProviderClients();
  readonly #runs = new Map<CollectionId, RunHandle>();
  readonly #announce = makeAnnouncer();

  constructor(database: () => Promise<Database>) {
    this.#database = database;
  }

  /** Takes a provider's address and key into this worker's memory. */
  setCredentials(credentials: Credentials): void {
    this.#clients.set(credentials);
  }

  /** Forgets a provider's key. */
  forgetCredentials(provider: Credentials['provider']): void {
    this.#clients.forget(provider);
  }

  /** Embeds one word to learn whether a model answers and with how many dimensions. */
  async probe(provider: ProviderId, model: string, signal: AbortSignal): Promise<ProbeResult> {
    const from = performance.now();
    const client = this.#clients.given(provider);
    const answer = await client.pacer.schedule(
      () => client.provider.embed({ inputs: ['semblance'], model }, signal),
      { priority: true, signal }
    );
    return { dimensions: answer.dimensions, ms: performance.now() - from };
  }

  /** The vector of a query in a collection's space: from the cache, or bought before waiting batches. */
  async embedQuery(text: string, space: Space, signal: AbortSignal): Promise<EmbeddedQuery> {
    const from = performance.now();
    const db = await this.#database();
    const key = spaceKey(space);
    const hash = hashKey(hashText(text));
    const held = await getCachedVector(db, key, hash);
    if (held) return { vector: held, cached: true, tokens: 0, ms: performance.now() - from };

    const model = modelOfSpace(space);
    const { provider, pacer } = this.#clients.forSpace(space);
    const request = { inputs: [text], model: model.id, ...dimensionsAsked(space) };
    const answer = await pacer.schedule(() => provider.embed(request, signal), {
      priority: true,
      signal
    });
    if (answer.dimensions !== space.dimensions) throw otherDimensions(space, answer.dimensions);
    await putCachedVector(db, key, hash, answer.vectors);
    if (answer.tokens > 0) {
      await addSpent(db, { tokens: answer.tokens, costUsd: costUsd(answer.tokens, model) ?? 0 });
      this.#announce({ kind: 'library' });
    }
    return {
      vector: answer.vectors,
      cached: false,
      tokens: answer.tokens,
      ms: performance.now() - from
    };
  }

  /**
   * Embeds what is pending in a collection, until all is done, cancelled or stopped by an error.
   * A lease keeps two tabs from doing it at once: throws `StoreError` `run-elsewhere`.
   */
  async run(
    id: CollectionId,
    retry: boolean,
    onProgress: (progress: RunProgress) => void
  ): Promise<RunOutcome> {
    return navigator.locks.request(`semblance:run:${id}`, { ifAvailable: true }, async (lease) => {
      if (!lease) {
        throw new StoreError(
          'run-elsewhere',
          'Another tab is embedding this collection.',
          'Watch it there, or close that tab and resume here.'
        );
      }
      return this.#run(id, retry, onProgress);
    });
  }

  async #run(
    id: CollectionId,
    retry: boolean,
    onProgress: (progress: RunProgress) => void
  ): Promise<RunOutcome> {
    const work = await CollectionWork.load(await this.#database(), id, retry);
    const { space } = work.collection;
    const { pending } = work;
    const model = modelOfSpace(space);
    const { provider, pacer } = this.#clients.forSpace(space);
    await work.commitHeld(() => this.#announce({ kind: 'rows', collection: id }));

    const handle = runEmbedding({
      provider,
      pacer,
      units: work.units(),
      totals: { rows: pending.rows, tokens: pending.tokens },
      model: model.id,
      ...dimensionsAsked(space),
      expectedDimensions: space.dimensions,
      usdPerMillionTokens: model.usdPerMillionTokens,
      loadTokenizer,
      commit: async ({ units, vectors, tokens, costUsd, requests }) => {
        await work.commit(units, vectors, { tokens, costUsd, requests });
        this.#announce({ kind: 'rows', collection: id });
      },
      fail: async (units, error) => {
        await work.fail(units, error);
        this.#announce({ kind: 'rows', collection: id });
      },
      onProgress: (progress) =>
        onProgress({
          ...progress,
          rowsDone: progress.rowsDone + pending.done,
          rowsTotal: progress.rowsTotal + pending.done + pending.failed,
          rowsFailed: progress.rowsFailed + pending.failed
        }),
      clock: realClock,
      random: Math.random
    });
    this.#runs.set(id, handle);
    try {
      return await handle.done;
    } finally {
      this.#runs.delete(id);
      this.#announce({ kind: 'rows', collection: id });
    }
  }

  /** Lets requests in flight finish and sends no more. */
  pause(id: CollectionId): void {
    this.#runs.get(id)?.pause();
  }

  /** Goes on after {@link pause}. */
  resume(id: CollectionId): void {
    this.#runs.get(id)?.resume();
  }

  /** Ends a run; what was acknowledged stays, the rest is pending. */
  cancel(id: CollectionId): void {
    this.#runs.get(id)?.cancel();
  }
}

/** Only text-embedding-3 models can be asked for fewer dimensions. */
function dimensionsAsked(space: Space): { dimensions?: number } {
  const model = modelOfSpace(space);
  return model.choices.length > 1 ? { dimensions: space.dimensions } : {};
}

function otherDimensions(space: Space, dimensions: number): ProviderError {
  return new ProviderError(
    'dimensions',
    `${space.model} answered with ${dimensions} dimensions; this collection has ${space.dimensions}.`,
    'The server may have another model under this name now: embed the collection again with it.'
  );
}

import { makeAnnouncer } from '#lib/base/changes.ts';
import { StoreError } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { transfer } from '#lib/base/remote.ts';
import type { Space } from '#lib/base/space.ts';
import type { Database } from '#lib/collection/store/database.ts';
import type { KeyedProvider } from '#lib/collection/store/kept-keys.ts';
import { addSpent } from '#lib/collection/store/runs.ts';
import { findModel, modelOfSpace, type Model } from '#lib/embedding/catalogue.ts';
import { costUsd } from '#lib/embedding/cost.ts';
import type { RunOutcome, RunProgress } from '#lib/embedding/run.ts';
import type { EmbeddingAnswer, EmbeddingRequest, ProviderId } from '#lib/embedding/types.ts';
import { CollectionRun, dimensionsAsked } from './collection-run.ts';
import { CourseProxy, type CourseStatus } from './course-proxy.ts';
import { KeyKeeper } from './key-keeper.ts';
import { inspectRequest, type Inspection, type OnWait } from './inspect-request.ts';
import { ProviderClients, type Credentials, type ProviderClient } from './provider-clients.ts';
import {
  embedTexts,
  tokensToBuy,
  unlessFull,
  type EmbeddedTexts,
  type Seller
} from './text-vectors.ts';

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
  readonly #course = new CourseProxy();
  readonly #clients = new ProviderClients(this.#course);
  readonly #keys: KeyKeeper;
  readonly #runs = new Map<CollectionId, CollectionRun>();
  readonly #announce = makeAnnouncer();

  constructor(database: () => Promise<Database>) {
    this.#database = database;
    this.#keys = new KeyKeeper(this.#clients, database);
  }

  /** Takes a provider's address and key into this worker's memory. */
  setCredentials(credentials: Credentials): void {
    this.#clients.set(credentials);
  }

  /** Meets a course's proxy; `onStatus` hears what it says of itself, then and with its answers. */
  setCourse(baseUrl: string, apiKey: string, onStatus: (status: CourseStatus) => void): void {
    this.#clients.set({ provider: 'course', baseUrl, apiKey });
    this.#course.meet(baseUrl, onStatus);
  }

  /** Decides who answers for OpenAI's models, and so who pays. */
  setOpenAI(provider: 'openai' | 'course'): void {
    this.#clients.forOpenAI = provider;
  }

  /** Forgets a provider's key: in memory and, unless `memoryOnly`, what is kept on this device. */
  async forgetKey(provider: KeyedProvider, memoryOnly: boolean): Promise<void> {
    await this.#keys.forget(provider, memoryOnly);
  }

  /** Keeps a provider's key on this device, encrypted; see {@link KeyKeeper.keep}. */
  async keepKey(provider: KeyedProvider, passphrase: string): Promise<void> {
    await this.#keys.keep(provider, passphrase);
  }

  /** Takes a kept key into memory; see {@link KeyKeeper.unlock}. */
  async unlockKey(
    provider: KeyedProvider,
    passphrase: string,
    baseUrl: string | null
  ): Promise<void> {
    await this.#keys.unlock(provider, passphrase, baseUrl);
  }

  /** Embeds one word to learn whether a model answers and with how many dimensions. */
  async probe(provider: ProviderId, model: string, signal: AbortSignal): Promise<ProbeResult> {
    const client = await this.#client(provider);
    const from = performance.now();
    const price = provider === 'compatible' ? undefined : findModel(model);
    const { dimensions } = await this.#ask(client, { inputs: ['semblance'], model }, price, signal);
    return { dimensions, ms: performance.now() - from };
  }

  /** The vector of a query in a collection's space; see {@link embedTexts}. */
  async embedQuery(
    text: string,
    space: Space,
    signal: AbortSignal,
    onWait: (until: number | null) => void = () => {}
  ): Promise<EmbeddedQuery> {
    const { vectors, cached, ...took } = await this.embedTexts([text], space, signal, onWait);
    return { vector: vectors, cached: cached > 0, ...took };
  }

  /**
   * The vectors of texts in a collection's space: from the cache, or bought before waiting batches.
   * `onWait` hears until when (epoch milliseconds) the endpoint asked for a pause, and null after it.
   */
  async embedTexts(
    texts: string[],
    space: Space,
    signal: AbortSignal,
    onWait: (until: number | null) => void = () => {}
  ): Promise<EmbeddedTexts> {
    let stopTelling = () => {};
    const seller = async (): Promise<Seller> => {
      if (this.#isCourse(space)) await this.#course.met;
      const client = this.#clients.forSpace(space);
      const model = modelOfSpace(space);
      const tellWait = () => onWait(client.pacer.state.waitUntil);
      const stop = client.pacer.onChange(tellWait);
      stopTelling = () => void stop();
      tellWait();
      const ask = (inputs: string[]) => {
        const request = { inputs, model: model.id, ...dimensionsAsked(space) };
        return this.#ask(client, request, model, signal);
      };
      return { limits: client.provider.limits, ask };
    };
    try {
      return await embedTexts(await this.#database(), texts, space, seller);
    } finally {
      stopTelling();
    }
  }

  /** Tokens that {@link embedTexts} would buy for texts. */
  async tokensToBuy(texts: string[], space: Space): Promise<number> {
    return tokensToBuy(await this.#database(), texts, space);
  }

  /** Embeds texts in one request and shows what came back; nothing is kept of it. See {@link inspectRequest}. */
  async inspect(
    provider: ProviderId,
    request: EmbeddingRequest,
    signal: AbortSignal,
    onWait: OnWait
  ): Promise<Inspection> {
    const client = await this.#client(provider);
    const inspection = await inspectRequest(client, request, signal, onWait);
    const price = provider === 'compatible' ? undefined : findModel(request.model);
    await this.#count(inspection.tokens, price);
    return transfer(inspection, [inspection.values.buffer]);
  }

  /** Sends a request before all waiting batches, and counts what it cost. */
  async #ask(
    { provider, pacer }: ProviderClient,
    request: EmbeddingRequest,
    model: Model | undefined,
    signal: AbortSignal
  ): Promise<EmbeddingAnswer> {
    const answer = await pacer.schedule(() => provider.embed(request, signal), {
      priority: true,
      signal
    });
    await this.#count(answer.tokens, model);
    return answer;
  }

  /** Adds to what was ever spent. */
  async #count(tokens: number, model: Model | undefined): Promise<void> {
    if (tokens === 0) return;
    const spent = { tokens, costUsd: (model && costUsd(tokens, model)) ?? 0 };
    await unlessFull(addSpent(await this.#database(), spent));
    this.#announce({ kind: 'library' });
  }

  /** The client of one provider; a course's proxy is asked for its limits first. */
  async #client(provider: ProviderId): Promise<ProviderClient> {
    if (provider === 'course') await this.#course.met;
    return this.#clients.given(provider);
  }

  /** Whether a course's proxy answers for a space. */
  #isCourse(space: Space): boolean {
    return space.provider === 'openai' && this.#clients.forOpenAI === 'course';
  }

  /**
   * Embeds what is pending in a collection, until all is done, cancelled or stopped by an error.
   * A lease keeps two tabs from doing it at once: throws `StoreError` `run-elsewhere`, and what
   * `CollectionRun.start` throws.
   */
  async run(
    id: CollectionId,
    retry: boolean,
    onProgress: (progress: RunProgress) => void
  ): Promise<RunOutcome> {
    if (this.#runs.has(id)) throw runElsewhere();
    const run = new CollectionRun();
    this.#runs.set(id, run);
    const onChange = () => this.#announce({ kind: 'rows', collection: id });
    const clientFor = (space: Space) => this.#clients.forSpace(space);
    try {
      const name = `semblance:run:${id}`;
      return await navigator.locks.request(name, { ifAvailable: true }, async (lease) => {
        if (!lease) throw runElsewhere();
        const db = await this.#database();
        if (this.#clients.forOpenAI === 'course') await this.#course.met;
        return run.start({ db, id, retry, clientFor, onProgress, onChange });
      });
    } finally {
      this.#runs.delete(id);
      onChange();
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

function runElsewhere(): StoreError {
  return new StoreError(
    'run-elsewhere',
    'Another tab is embedding this collection.',
    'Watch it there, or close that tab and resume here.'
  );
}

import { onChange } from '#lib/base/changes.ts';
import {
  CancelledError,
  throwIfCancelled,
  toErrorData,
  type ErrorData,
  type SemblanceError
} from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { lasting, transfer } from '#lib/base/remote.ts';
import { fingerprint } from '#lib/base/vector.ts';
import type { GraphStatus, Method, Plan } from '#lib/index/types.ts';
import { joinResults, type SearchResult } from '#lib/tasks/search.ts';
import { embedder, items, makeEngine, makeGraph } from '#lib/workers/clients.ts';
import type { CollectionState } from '#lib/workers/items-api.ts';
import { runs } from './runs.svelte.ts';
import { settings } from './settings.svelte.ts';

/** A question and what was found for it. */
export interface Answer {
  question: string;
  results: SearchResult[];
  /** The question's fingerprint. */
  cells: Int8Array;
  plan: Plan;
  /** Milliseconds until the question had its vector, and whether that came from the cache. */
  embedMs: number;
  cached: boolean;
  /** Milliseconds from Enter to results. */
  totalMs: number;
}

const RESULTS = 20;

/**
 * The collection on the screen: its engine and graph workers live as long as it is open. Searches
 * overtake each other: only the last question's answer is shown.
 */
export class OpenCollection {
  readonly id: CollectionId;
  #state = $state.raw<CollectionState | null>(null);
  #graph = $state.raw<GraphStatus>({ state: 'none', rows: 0, total: 0, origin: null });
  #answer = $state.raw<Answer | null>(null);
  #searching = $state(false);
  #waitUntil = $state.raw<number | null>(null);
  #error = $state.raw<ErrorData | null>(null);
  #running: AbortController | undefined;
  #refreshing: Promise<void> | undefined;
  #stale = false;
  readonly #engineWorker = makeEngine();
  readonly #graphWorker = makeGraph();
  /** Aborted when the collection is closed: no worker may be started after that. */
  readonly #closing = new AbortController();
  readonly #stopListening: () => void;
  #opened: Promise<void> | undefined;

  constructor(id: CollectionId) {
    this.id = id;
    this.#engineWorker.onDeath = this.#graphWorker.onDeath = (reason) => this.#lose(reason);
    this.#ready().catch((error: unknown) => this.#tell(error));
    this.#stopListening = onChange((change) => {
      if (change.kind === 'library' || change.collection === id) void this.refresh();
    });
  }

  /** The collection as it is kept; null until it has been read. */
  get state(): CollectionState | null {
    return this.#state;
  }
  /** Whether there is no such collection on this device (any more). */
  get gone(): boolean {
    return this.#error?.code === 'collection-gone';
  }
  get graph(): GraphStatus {
    return this.#graph;
  }
  get answer(): Answer | null {
    return this.#answer;
  }
  get searching(): boolean {
    return this.#searching;
  }
  /** Until when the endpoint asked for a pause (epoch milliseconds); null when it did not. */
  get waitUntil(): number | null {
    return this.#searching ? this.#waitUntil : null;
  }
  get error(): ErrorData | null {
    return this.#error;
  }

  /** Resolves when the collection is open; opens it (again) when it is not. */
  #ready(): Promise<void> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #open(): Promise<void> {
    const { signal } = this.#closing;
    throwIfCancelled(signal);
    this.#state = await items.api.collection(this.id);
    throwIfCancelled(signal);
    const { port1, port2 } = new MessageChannel();
    await this.#graphWorker.api.connectPort(transfer(port1, [port1]));
    throwIfCancelled(signal);
    await this.#engineWorker.api.open(this.id, transfer(port2, [port2]));
    throwIfCancelled(signal);
    const onStatus = lasting((status: GraphStatus) => (this.#graph = status));
    await this.#graphWorker.api.open(this.id, onStatus);
  }

  /** One of the two workers died. Both hold the other's port, so both start anew when next asked. */
  #lose(reason: SemblanceError): void {
    this.#engineWorker.end();
    this.#graphWorker.end();
    this.#opened = undefined;
    this.#graph = { state: 'none', rows: 0, total: 0, origin: null, reason: reason.message };
    this.#tell(reason);
  }

  #tell(error: unknown): void {
    if (!(error instanceof CancelledError)) this.#error = toErrorData(error);
  }

  /** Reads what changed in the store; calls during a reading lead to one more, not to many. */
  refresh(): Promise<void> {
    this.#stale = true;
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    try {
      await this.#ready();
      while (this.#stale) {
        this.#stale = false;
        this.#state = await items.api.collection(this.id);
        throwIfCancelled(this.#closing.signal);
        await this.#engineWorker.api.refresh();
        // The graph waits for a run's end: meanwhile the processor is better spent on embedding.
        if (!runs.of(this.id)?.running) await this.#graphWorker.api.refresh();
      }
    } catch (error) {
      this.#tell(error);
    }
  }

  /** Finds the items nearest in meaning to a question; a later search takes this one's place. */
  async search(question: string, method: Method): Promise<void> {
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.#searching = true;
    this.#error = null;
    const from = performance.now();
    try {
      const answer = await this.#ask(question, method, running.signal);
      if (this.#running === running) {
        this.#answer = { ...answer, question, totalMs: performance.now() - from };
      }
    } catch (error) {
      if (this.#running !== running) return;
      // The last answer is not this question's.
      this.#answer = null;
      this.#tell(error);
    } finally {
      if (this.#running === running) this.#searching = false;
    }
  }

  async #ask(
    question: string,
    method: Method,
    signal: AbortSignal
  ): Promise<Omit<Answer, 'question' | 'totalMs'>> {
    await this.#ready();
    const { space, titleField } = this.#state!.collection;
    await settings.connect();
    const query = await embedder.api.embedQuery(question, space, signal, (until) => {
      if (!signal.aborted) this.#waitUntil = until;
    });
    throwIfCancelled(signal);
    const found = await this.#engineWorker.api.search({ vector: query.vector, k: RESULTS, method });
    const from = performance.now();
    const rows = await items.api.items(this.id, found.rows);
    const itemsMs = performance.now() - from;
    return {
      results: joinResults(found, found.fingerprints, rows, titleField),
      cells: fingerprint(query.vector),
      plan: { ...found.plan, steps: [...found.plan.steps, { name: 'items', ms: itemsMs }] },
      embedMs: query.ms,
      cached: query.cached
    };
  }

  /** Shows no answer: the question was cleared. */
  clear(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#searching = false;
    this.#answer = null;
    this.#error = null;
  }

  /** Ends the workers; nothing can be asked afterwards. */
  close(): void {
    this.#closing.abort();
    this.#running?.abort();
    this.#stopListening();
    this.#engineWorker.end();
    this.#graphWorker.end();
  }
}

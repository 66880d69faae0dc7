import { onChange } from '#lib/base/changes.ts';
import { CancelledError, toErrorData, type ErrorData } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { transfer } from '#lib/base/remote.ts';
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
  readonly #opened: Promise<void>;
  readonly #stopListening: () => void;

  constructor(id: CollectionId) {
    this.id = id;
    this.#opened = this.#open();
    this.#opened.catch((error: unknown) => (this.#error = toErrorData(error)));
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

  async #open(): Promise<void> {
    this.#state = await items.api.collection(this.id);
    const { port1, port2 } = new MessageChannel();
    await this.#graphWorker.api.connectPort(transfer(port1, [port1]));
    await this.#engineWorker.api.open(this.id, transfer(port2, [port2]));
    await this.#graphWorker.api.open(this.id, (status) => (this.#graph = status));
  }

  /** Reads what changed in the store; calls during a reading lead to one more, not to many. */
  refresh(): Promise<void> {
    this.#stale = true;
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    try {
      await this.#opened;
      while (this.#stale) {
        this.#stale = false;
        this.#state = await items.api.collection(this.id);
        await this.#engineWorker.api.refresh();
        // The graph waits for a run's end: meanwhile the processor is better spent on embedding.
        if (!runs.of(this.id)?.running) await this.#graphWorker.api.refresh();
      }
    } catch (error) {
      this.#error = toErrorData(error);
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
      if (this.#running === running && !(error instanceof CancelledError)) {
        this.#error = toErrorData(error);
      }
    } finally {
      if (this.#running === running) this.#searching = false;
    }
  }

  async #ask(
    question: string,
    method: Method,
    signal: AbortSignal
  ): Promise<Omit<Answer, 'question' | 'totalMs'>> {
    await this.#opened;
    const { space, titleField } = this.#state!.collection;
    await settings.connect();
    const query = await embedder.api.embedQuery(question, space, signal, (until) => {
      if (!signal.aborted) this.#waitUntil = until;
    });
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
    this.#running?.abort();
    this.#stopListening();
    this.#engineWorker.end();
    this.#graphWorker.end();
  }
}

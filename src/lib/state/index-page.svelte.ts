import { untrack } from 'svelte';
import { CancelledError, toErrorData, type ErrorData } from '#lib/base/errors.ts';
import { shorterChoices } from '#lib/embedding/catalogue.ts';
import type { GraphChoice } from '#lib/index/types.ts';
import type { IndexFacts } from '#lib/workers/engine-api.ts';
import type { OpenCollection } from './open-collection.svelte.ts';

/**
 * The index of the collection on the screen, and what the reader does to it. To be made inside an
 * effect: it follows the collection until that ends; then {@link close} it.
 */
export class IndexPage {
  readonly #open: OpenCollection;
  #facts = $state.raw<IndexFacts | null>(null);
  #progress = $state.raw<number | null>(null);
  #rebuilding = $state(false);
  #error = $state.raw<ErrorData | null>(null);
  #measuring: AbortController | undefined;
  #reading: Promise<void> | undefined;
  #stale = false;
  #closed = false;

  constructor(open: OpenCollection) {
    this.#open = open;
    $effect(() => {
      void open.indexChanges;
      void open.graph.state;
      untrack(() => void this.#read());
    });
  }

  /** What the index is made of; null until it has been read. */
  get facts(): IndexFacts | null {
    return this.#facts;
  }
  /** How much has been measured, 0 to 1; null while nothing is. */
  get progress(): number | null {
    return this.#progress;
  }
  /** Whether a rebuild has been asked for and has not begun. */
  get rebuilding(): boolean {
    return this.#rebuilding;
  }
  /** Why the last thing asked for failed; null when it did not, or was cancelled. */
  get error(): ErrorData | null {
    return this.#error;
  }
  /** Leading dimensions a graph may be built on, all of them first. */
  get dimensions(): number[] {
    const space = this.#open.state?.collection.space;
    if (!space) return [];
    const choices = shorterChoices(space.model, space.dimensions);
    return choices.length > 0 ? choices : [space.dimensions];
  }

  /** Measures recall and time of every way to search, unless it is being done. */
  async measure(): Promise<void> {
    if (this.#measuring) return;
    const { signal } = (this.#measuring = new AbortController());
    this.#progress = 0;
    const onProgress = (share: number) => {
      if (!signal.aborted) this.#progress = share;
    };
    await this.#try(() => this.#open.measure(onProgress, signal));
    this.#measuring = undefined;
    this.#progress = null;
  }

  /** Ends a measurement; what was measured before stays. */
  cancel(): void {
    this.#measuring?.abort();
  }

  /** Builds the graph anew. */
  async rebuild(choice: GraphChoice): Promise<void> {
    if (this.#rebuilding) return;
    this.#rebuilding = true;
    await this.#try(() => this.#open.rebuild(choice));
    this.#rebuilding = false;
  }

  /** Cancels what is going on: the page was left. */
  close(): void {
    this.#closed = true;
    this.cancel();
  }

  async #try(work: () => Promise<unknown>): Promise<void> {
    this.#error = null;
    try {
      await work();
      await this.#read();
    } catch (error) {
      if (!(error instanceof CancelledError)) this.#error = toErrorData(error);
    }
  }

  /** Reads the facts; calls during a reading lead to one more, not to many. */
  #read(): Promise<void> {
    this.#stale = true;
    this.#reading ??= this.#readAll().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    while (this.#stale && !this.#closed) {
      this.#stale = false;
      try {
        this.#facts = await this.#open.indexFacts();
      } catch {
        // Why a collection can't be opened, the collection tells.
        return;
      }
    }
  }
}

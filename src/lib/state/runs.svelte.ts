import { SvelteMap } from 'svelte/reactivity';
import { toErrorData, type ErrorData } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import type { RunOutcome, RunProgress } from '#lib/embedding/run.ts';
import { embedder } from '#lib/workers/clients.ts';
import { settings } from './settings.svelte.ts';

/** A run of this tab, as the page shows it. */
export interface RunView {
  /** Null until the run has read what is pending. */
  progress: RunProgress | null;
  running: boolean;
  error: ErrorData | null;
}

/** The embedding runs of this tab, by collection. They go on while the reader is on other pages. */
class Runs {
  readonly #views = new SvelteMap<CollectionId, RunView>();
  /** Collections that were changed while they were embedded: a run reads what is pending at its start. */
  #again: readonly CollectionId[] = [];

  /** The run of a collection in this tab, going on or ended. */
  of(id: CollectionId): RunView | undefined {
    return this.#views.get(id);
  }

  /**
   * Embeds what is pending; `retry` takes the failed rows in again. While a run goes on, another follows it.
   * Never throws: see the view.
   */
  async start(id: CollectionId, retry = false): Promise<RunOutcome['state']> {
    if (this.#views.get(id)?.running) {
      this.#again = [...this.#again, id];
      return 'stopped';
    }
    const show = (change: Partial<RunView>) => {
      const last = this.#views.get(id) ?? { progress: null, running: true, error: null };
      this.#views.set(id, { ...last, ...change });
    };
    this.#views.set(id, { progress: null, running: true, error: null });
    try {
      await settings.connect();
      const outcome = await embedder.api.run(id, retry, (progress) => show({ progress }));
      show({ running: false, error: outcome.error ?? null });
      const again = this.#again.includes(id);
      this.#again = this.#again.filter((other) => other !== id);
      return again && outcome.state === 'done' ? await this.start(id) : outcome.state;
    } catch (error) {
      show({ running: false, error: toErrorData(error) });
      return 'stopped';
    }
  }

  /** Lets requests in flight finish and sends no more. */
  pause(id: CollectionId): void {
    void embedder.api.pause(id);
  }

  /** Goes on after a pause. */
  resume(id: CollectionId): void {
    void embedder.api.resume(id);
  }

  /** Ends the run of this tab, if there is one; what is embedded stays. */
  cancel(id: CollectionId): void {
    if (this.of(id)?.running) void embedder.api.cancel(id);
  }
}

export const runs = new Runs();

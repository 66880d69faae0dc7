import { throwIfCancelled } from '#lib/base/errors.ts';

/** Longest stretch of work between two rests. */
const WORK_MS = 30;

/** Lets long work stop for breath, so that messages (an abort among them) are heard. */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  #restedAt = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Whether the work has gone on long enough for a {@link rest}. */
  due(): boolean {
    return performance.now() - this.#restedAt > WORK_MS;
  }

  /** Gives the event loop a turn. Throws `CancelledError` when the signal was aborted. */
  async rest(): Promise<void> {
    throwIfCancelled(this.#signal);
    await new Promise((resolve) => setTimeout(resolve));
    throwIfCancelled(this.#signal);
    this.#restedAt = performance.now();
  }
}

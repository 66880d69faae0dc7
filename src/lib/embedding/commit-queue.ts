/** Runs jobs one after another; after one that failed, the rest are left out. */
export class CommitQueue {
  readonly #onFailure: (error: unknown) => void;
  readonly #onSettled: () => void;
  #tail: Promise<void> = Promise.resolve();
  #failed = false;
  #size = 0;

  /** `onFailure` hears of the job that failed; `onSettled` is called after each job. */
  constructor(onFailure: (error: unknown) => void, onSettled: () => void) {
    this.#onFailure = onFailure;
    this.#onSettled = onSettled;
  }

  /** Jobs that have not ended. */
  get size(): number {
    return this.#size;
  }

  /** Adds a job to the end. */
  push(job: () => Promise<void>): void {
    this.#size++;
    this.#tail = this.#tail.then(() => this.#run(job));
  }

  async #run(job: () => Promise<void>): Promise<void> {
    try {
      if (!this.#failed) await job();
    } catch (error) {
      this.#failed = true;
      this.#onFailure(error);
    }
    this.#size--;
    this.#onSettled();
  }
}

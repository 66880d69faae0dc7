import '#lib/base/trusted-scripts.ts';
import { CancelledError, SemblanceError } from '#lib/base/errors.ts';
import { connect, type Connection, type Endpoint, type Remote } from '#lib/base/remote.ts';

/**
 * The page's side of one worker: started at the first call, started again after it died. Calls that
 * a dead worker leaves behind end with the code `worker-died`, so that nothing waits for ever.
 */
export class WorkerClient<Api extends object> {
  readonly #name: string;
  readonly #start: () => Worker;
  /** Called when the worker died, with how: what it held in memory is gone. */
  onDeath: (reason: SemblanceError) => void = () => {};
  #running: { worker: Worker; connection: Connection<Api> } | undefined;

  constructor(name: string, start: () => Worker) {
    this.#name = name;
    this.#start = start;
  }

  /** The worker's methods. */
  get api(): Remote<Api> {
    this.#running ??= this.#connect();
    return this.#running.connection.api;
  }

  /** Ends the worker; calls still waiting end as cancelled. The next use of `api` starts a new one. */
  end(): void {
    this.#stop(new CancelledError(`The ${this.#name} worker was ended.`));
  }

  #connect(): { worker: Worker; connection: Connection<Api> } {
    const worker = this.#start();
    const connection = connect<Api>(worker as Endpoint);
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      // One that was ended may still have its say; it no longer concerns the next.
      if (this.#running?.worker !== worker) return;
      const reason = new SemblanceError(
        'worker-died',
        `The ${this.#name} worker stopped: ${event.message || 'it could not be loaded'}.`,
        'Try again; if it happens again, reload the page.'
      );
      this.#stop(reason);
      this.onDeath(reason);
    });
    return { worker, connection };
  }

  #stop(reason: SemblanceError): void {
    const running = this.#running;
    this.#running = undefined;
    running?.worker.terminate();
    running?.connection.close(reason);
  }
}

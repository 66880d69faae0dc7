import { CancelledError, type SemblanceError } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { expose, lasting, transfer } from '#lib/base/remote.ts';
import type { GraphStatus } from '#lib/index/types.ts';
import type { WorkerClient } from './client.ts';
import type { GraphLines } from './graph-link.ts';
import type { HnswApi } from './hnsw-api.ts';

/** A worker that died so often is not started again by itself. */
const MOST_DEATHS = 3;

/**
 * The page's hold on one collection's graph worker. When the worker can't be started or dies, the
 * engine only hears that there is no graph, and gets a new line when there is one again.
 */
export class GraphConnector implements GraphLines {
  readonly #worker: WorkerClient<HnswApi>;
  readonly #collection: CollectionId;
  readonly #onStatus: (status: GraphStatus) => void;
  #onLine: ((line: MessagePort | null) => void) | undefined;
  #opening: Promise<void> | undefined;
  #isOpen = false;
  #ended = false;
  #deaths = 0;

  constructor(
    worker: WorkerClient<HnswApi>,
    collection: CollectionId,
    onStatus: (status: GraphStatus) => void
  ) {
    this.#worker = worker;
    this.#collection = collection;
    this.#onStatus = onStatus;
    worker.onDeath = (reason) => this.#lose(reason);
  }

  /** A port for the engine (see `EngineApi.open`), in place of an earlier one. */
  port(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    expose(this, port1);
    return port2;
  }

  /** See {@link GraphLines}; only the last listener is told. */
  async lines(onLine: (line: MessagePort | null) => void): Promise<void> {
    this.#onLine = onLine;
    if (this.#isOpen) await this.#giveLine();
  }

  /**
   * Starts the worker when there is none, unless it died three times, and has it catch up with the
   * store when there is one. Never rejects: what goes wrong is told as a status.
   */
  async refresh(): Promise<void> {
    try {
      if (this.#isOpen) await this.#worker.api.refresh();
      else await this.#open();
    } catch {
      // The worker died, which was told, or was ended.
    }
  }

  /** Has the graph built anew, by a worker that died as often as it may, too. Throws why it can't. */
  async rebuild(): Promise<void> {
    this.#deaths = 0;
    await this.#open();
    await this.#worker.api.rebuild();
  }

  /** Ends the worker; none is started afterwards. */
  end(): void {
    this.#ended = true;
    this.#isOpen = false;
    this.#worker.end();
  }

  #open(): Promise<void> {
    if (this.#ended) return Promise.reject(new CancelledError());
    if (this.#deaths >= MOST_DEATHS) return Promise.resolve();
    if (this.#opening) return this.#opening;
    const opening = this.#start().catch((error: unknown) => {
      if (this.#opening === opening) this.#opening = undefined;
      throw error;
    });
    this.#opening = opening;
    return opening;
  }

  async #start(): Promise<void> {
    await this.#worker.api.open(this.#collection, lasting(this.#onStatus));
    this.#isOpen = true;
    await this.#giveLine();
  }

  async #giveLine(): Promise<void> {
    if (!this.#onLine) return;
    const { port1, port2 } = new MessageChannel();
    await this.#worker.api.connectPort(transfer(port1, [port1]));
    this.#onLine(transfer(port2, [port2]));
  }

  #lose({ message }: SemblanceError): void {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#opening = undefined;
    this.#deaths++;
    this.#onLine?.(null);
    this.#onStatus({ state: 'failed', rows: 0, total: 0, origin: null, reason: message });
    if (wasOpen) void this.refresh();
  }
}

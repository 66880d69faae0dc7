import { CancelledError } from '#lib/base/errors.ts';
import { connect, lasting, transfer, type Connection } from '#lib/base/remote.ts';
import { NO_GRAPH, type GraphAnswer, type GraphPort } from '#lib/index/graph-port.ts';
import type { GraphStatus } from '#lib/index/types.ts';
import type { HnswApi } from './hnsw-api.ts';

/** A search goes on without a graph that is silent for longer. */
const ANSWER_MS = 2000;

/** Whoever knows how a graph worker is reached. */
export interface GraphLines {
  /**
   * Tells a port that answers as `HnswApi` does, and another whenever it takes the place of the last
   * one; null when there is none.
   */
  lines(onLine: (line: MessagePort | null) => void): void | Promise<void>;
}

/**
 * The engine's line to the graph worker. The graph tells its status, so that asking costs nothing. One
 * that did not answer in time counts as failed until anything is heard of it, an answer that came too
 * late included.
 */
export class GraphLink implements GraphPort {
  readonly #onTold: () => void;
  readonly #answerMs: number;
  #line: Connection<HnswApi> | undefined;
  #status = NO_GRAPH;
  #silent = false;

  /** `port` leads to {@link GraphLines}; `onTold` is called whenever the status may be another. */
  constructor(port: MessagePort, onTold = () => {}, answerMs = ANSWER_MS) {
    this.#onTold = onTold;
    this.#answerMs = answerMs;
    const onLine = (line: MessagePort | null) => this.#take(line);
    connect<GraphLines>(port)
      .api.lines(lasting(onLine))
      .catch(() => undefined);
  }

  /** What the graph last told of itself. */
  status(): GraphStatus {
    if (!this.#silent) return this.#status;
    return { ...this.#status, state: 'failed', reason: 'The graph does not answer.' };
  }

  /** About `k` rows near `vector`, or undefined when the graph does not answer. */
  async search(
    vector: Float32Array,
    k: number,
    efSearch: number
  ): Promise<GraphAnswer | undefined> {
    const line = this.#line;
    if (!line) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.#silent = true;
        resolve(undefined);
      }, this.#answerMs);
    });
    // A view would take along all of the buffer that it looks at.
    const copy = vector.slice();
    const moved = transfer(copy, [copy.buffer]);
    const answer = line.api.search(moved, k, efSearch).catch(() => undefined);
    void answer.then(() => (this.#silent = false));
    try {
      return await Promise.race([answer, silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Has the graph built anew, by the settings that are kept now; `reason` is told of it. */
  rebuild(reason: string): void {
    this.#line?.api.rebuild(reason).catch(() => undefined);
  }

  #take(port: MessagePort | null): void {
    // Searches that wait for the last one go on without.
    this.#line?.close(new CancelledError());
    const line = (this.#line = port ? connect<HnswApi>(port) : undefined);
    this.#tell(NO_GRAPH);
    const onStatus = (status: GraphStatus) => {
      if (this.#line === line) this.#tell(status);
    };
    line?.api.subscribe(lasting(onStatus)).catch(() => undefined);
  }

  #tell(status: GraphStatus): void {
    this.#status = status;
    this.#silent = false;
    this.#onTold();
  }
}

import { connect, lasting, transfer, type Remote } from '#lib/base/remote.ts';
import type { GraphPort } from '#lib/index/engine.ts';
import type { GraphStatus } from '#lib/index/types.ts';
import type { HnswApi } from './hnsw-api.ts';

/** A search goes on without a graph that is silent for longer. */
const ANSWER_MS = 2000;

/**
 * The engine's line to the graph worker. The graph tells its status, so that asking costs nothing. One
 * that did not answer in time counts as failed until anything is heard of it, an answer that came too
 * late included.
 */
export class GraphLink implements GraphPort {
  readonly #api: Remote<HnswApi>;
  readonly #answerMs: number;
  #status: GraphStatus = { state: 'none', rows: 0, total: 0, origin: null };
  #silent = false;

  /** `onTold` is called whenever the graph has told its status. */
  constructor(port: MessagePort, onTold = () => {}, answerMs = ANSWER_MS) {
    this.#api = connect<HnswApi>(port).api;
    this.#answerMs = answerMs;
    const onStatus = (status: GraphStatus) => {
      this.#status = status;
      this.#silent = false;
      onTold();
    };
    void this.#api.subscribe(lasting(onStatus));
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
  ): Promise<Uint32Array | undefined> {
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
    const answer = this.#api.search(moved, k, efSearch).catch(() => undefined);
    void answer.then(() => (this.#silent = false));
    try {
      return await Promise.race([answer, silence]);
    } finally {
      clearTimeout(timer);
    }
  }
}

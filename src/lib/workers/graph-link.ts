import type { Row } from '#lib/base/ids.ts';
import { connect, lasting, type Remote } from '#lib/base/remote.ts';
import type { GraphPort } from '#lib/index/engine.ts';
import type { GraphStatus, Snapshot } from '#lib/index/types.ts';
import type { HnswApi } from './hnsw-api.ts';
import { sameSnapshot } from './index-source.ts';

/** A graph worker that is silent for longer is taken for dead, and the search goes on without it. */
const ANSWER_MS = 2000;

/** The engine's line to the graph worker. The graph tells its status, so that asking costs nothing. */
export class GraphLink implements GraphPort {
  readonly #api: Remote<HnswApi>;
  readonly #ours: () => Snapshot | undefined;
  #status: GraphStatus = { state: 'none', rows: 0, total: 0, origin: null };

  /** `ours` tells which rows the engine knows: a graph that knows others is not ready. */
  constructor(port: MessagePort, ours: () => Snapshot | undefined) {
    this.#api = connect<HnswApi>(port).api;
    this.#ours = ours;
    void this.#api.subscribe(lasting((status: GraphStatus) => (this.#status = status)));
  }

  /** What the graph last told of itself. */
  status(): GraphStatus {
    const behind =
      this.#status.state === 'ready' && !sameSnapshot(this.#status.snapshot, this.#ours());
    return behind ? { ...this.#status, state: 'building' } : this.#status;
  }

  /** About `k` rows near `vector`, or undefined when the graph does not answer. */
  async search(
    vector: Float32Array,
    k: number,
    allowed?: Uint8Array
  ): Promise<ArrayLike<Row> | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.#status = { ...this.#status, state: 'failed', reason: 'The graph does not answer.' };
        resolve(undefined);
      }, ANSWER_MS);
    });
    try {
      return await Promise.race([this.#api.search(vector, k, allowed), silence]);
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

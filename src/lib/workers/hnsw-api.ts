import { bitAt } from '#lib/base/bits.ts';
import { makeBreather } from '#lib/base/breathe.ts';
import { toErrorData } from '#lib/base/errors.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import { expose, transfer } from '#lib/base/remote.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { readVectors } from '#lib/collection/store/segments.ts';
import { GRAPH_PARAMETERS, HnswGraph } from '#lib/index/hnsw.ts';
import type { GraphStatus } from '#lib/index/types.ts';
import { readIndexSource, type IndexSource } from './index-source.ts';
import { keepGraph, restoreGraph } from './saved-graph.ts';

/** A graph is kept when nothing has changed for so long: writing it is not cheap. */
const IDLE_MS = 1000;

/**
 * What the graph worker does: keeps one open collection's HNSW graph up with its rows, behind the
 * exact search that serves meanwhile, and answers between two stretches of work. A graph is built
 * for any number of rows: for few it takes a moment, and the reader may ask for it. No network.
 */
export class HnswApi {
  readonly #database: () => Promise<Database>;
  readonly #subscribers = new Set<(status: GraphStatus) => void>();
  #status: GraphStatus = { state: 'none', rows: 0, total: 0, origin: null };
  #collection: CollectionId | undefined;
  #graph: HnswGraph | undefined;
  #generation: number | undefined;
  #source: IndexSource | undefined;
  #unsaved = false;
  #stale = false;
  #working: Promise<void> | undefined;
  #endIdle = () => {};

  constructor(database: () => Promise<Database>) {
    this.#database = database;
  }

  /** Starts to load or build a collection's graph; `onStatus` hears of it as long as the worker lives. */
  open(collection: CollectionId, onStatus: (status: GraphStatus) => void): void {
    this.#collection = collection;
    this.subscribe(onStatus);
    this.refresh();
  }

  /** Answers the same calls on a port, such as the engine worker's. */
  connectPort(port: MessagePort): void {
    expose(this, port);
  }

  /** Tells the status now and whenever it changes. */
  subscribe(onStatus: (status: GraphStatus) => void): void {
    this.#subscribers.add(onStatus);
    onStatus(this.#status);
  }

  /** Starts to catch up with what changed in the store. A graph that failed stays so until reopened. */
  refresh(): void {
    if (!this.#collection || this.#status.state === 'failed') return;
    this.#stale = true;
    this.#endIdle();
    this.#working ??= this.#work(this.#collection).finally(() => (this.#working = undefined));
  }

  /** Resolves when the graph has caught up and is kept, or has failed. */
  async settled(): Promise<GraphStatus> {
    while (this.#working) await this.#working;
    return this.#status;
  }

  /** Where the graph stands. */
  status(): GraphStatus {
    return this.#status;
  }

  /**
   * About `k` rows near `vector` (L2-normalised), the nearest first; undefined while the graph is not
   * ready. `allowed` is a bitmap of rows. Throws `IndexError` as {@link HnswGraph.search} does.
   */
  search(vector: Float32Array, k: number, allowed?: Uint8Array): Uint32Array | undefined {
    if (!this.#graph || this.#status.state !== 'ready') return undefined;
    const { rows } = this.#graph.search(vector, k, allowed);
    return transfer(rows, [rows.buffer]);
  }

  async #work(id: CollectionId): Promise<void> {
    try {
      const db = await this.#database();
      while (this.#stale) {
        this.#stale = false;
        this.#source = await readIndexSource(db, id);
        await this.#catchUp(db, id, this.#source);
        if (this.#unsaved) await this.#idle();
        if (this.#unsaved && !this.#stale) await this.#keep(db, id);
      }
    } catch (error) {
      this.#graph = undefined;
      const { message } = toErrorData(error);
      this.#tell({
        state: 'failed',
        rows: 0,
        total: this.#status.total,
        origin: null,
        reason: message
      });
    }
  }

  async #catchUp(db: Database, id: CollectionId, source: IndexSource): Promise<void> {
    const { dead, snapshot, segments } = source;
    const live = (row: Row) => !bitAt(dead, row);
    const total = segments.reduce((sum, { rows }) => sum + rows.filter(live).length, 0);
    if (this.#generation !== snapshot.generation) this.#graph = undefined;
    const graph = (this.#graph ??= await this.#start(db, id, source, total));
    this.#generation = snapshot.generation;

    const breathe = makeBreather();
    for (const segment of segments) {
      const missing = segment.rows.filter((row) => live(row) && !graph.rows.has(row));
      if (missing.length === 0) continue;
      const vectors = await readVectors(segment);
      for (let i = 0; i < segment.count; i++) {
        const row = segment.rows[i]!;
        if (!live(row) || graph.rows.has(row)) continue;
        graph.add(row, vectors.subarray(i * source.dimensions, (i + 1) * source.dimensions));
        this.#unsaved = true;
        const pause = breathe();
        if (!pause) continue;
        this.#tell({ ...this.#status, state: 'building', rows: graph.liveCount, total });
        await pause;
      }
    }
    this.#bury(graph, dead);
    this.#tell({ ...this.#status, state: 'ready', rows: graph.liveCount, total, snapshot });
  }

  /** The saved graph, or an empty one with room for every row that is taken, and some more. */
  async #start(
    db: Database,
    id: CollectionId,
    source: IndexSource,
    total: number
  ): Promise<HnswGraph> {
    const capacity = Math.ceil(source.nextRow * 1.1) + 1024;
    this.#tell({ state: 'loading', rows: 0, total, origin: null });
    const restored = await restoreGraph(db, id, source, capacity, GRAPH_PARAMETERS);
    if (restored.graph) {
      this.#tell({ state: 'loading', rows: restored.graph.liveCount, total, origin: 'loaded' });
      return restored.graph;
    }
    const reason = restored.reason ? { reason: restored.reason } : {};
    this.#tell({ state: 'building', rows: 0, total, origin: 'built', ...reason });
    return HnswGraph.create(source.dimensions, capacity, GRAPH_PARAMETERS);
  }

  /** Brings the graph's deleted rows in line with the dead ones. */
  #bury(graph: HnswGraph, dead: Uint8Array): void {
    const died = [...graph.rows].filter((row) => bitAt(dead, row) && !graph.deleted.has(row));
    const revived = [...graph.deleted].filter((row) => !bitAt(dead, row));
    graph.markDeleted(died);
    graph.unmark(revived);
    if (died.length + revived.length > 0) this.#unsaved = true;
  }

  async #keep(db: Database, id: CollectionId): Promise<void> {
    this.#unsaved = false;
    try {
      await keepGraph(db, id, this.#source!, this.#graph!);
    } catch {
      // No room, or the collection is gone: the graph serves as long as it is open, and is built again.
    }
  }

  /** Waits until nothing has changed for a while; a refresh ends it at once. */
  #idle(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, IDLE_MS);
      this.#endIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #tell(status: GraphStatus): void {
    this.#status = status;
    for (const onStatus of this.#subscribers) onStatus(status);
  }
}

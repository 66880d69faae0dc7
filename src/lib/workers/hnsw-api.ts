import { toErrorData } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { expose, transfer } from '#lib/base/remote.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { deleteGraph } from '#lib/collection/store/graphs.ts';
import { getIndexSettings } from '#lib/collection/store/index-settings.ts';
import { without } from '#lib/index/bitmap.ts';
import { countShards } from '#lib/index/count-shards.ts';
import { NO_GRAPH, type GraphAnswer } from '#lib/index/graph-port.ts';
import { DEFAULT_INDEX_SETTINGS } from '#lib/index/tuning.ts';
import type { GraphStatus } from '#lib/index/types.ts';
import { CollectionGraph } from './collection-graph.ts';
import { addMissing, countTaken } from './graph-build.ts';
import type { GraphLines } from './graph-link.ts';
import { hasOutgrown, planGraph } from './graph-make.ts';
import { readIndexSource, type IndexSource } from './index-source.ts';
import { keepGraph, restoreGraph } from './saved-graph.ts';
import { ShardSet, type ShardOptions } from './shards.ts';

/** A graph that holds so much of the rows is used: the rest is sooner compared than all. */
const USEFUL_SHARE = 0.5;
/** While a graph is used, what it knows is told no more often than this. */
const TELL_MS = 500;
/** A build is kept half-way when so much more of it is done, and so much time has passed. */
const PARTIAL_SHARE = 0.2;
/** A graph that failed is tried again, but not for ever. */
const MOST_FAILURES = 3;

/** How the graph worker goes about it. */
export interface HnswOptions extends ShardOptions {
  /** Cores of this machine. */
  cores?: number;
  /** A graph is kept when nothing has changed for so long: writing it is not cheap. */
  idleMs?: number;
  /** Time between two copies of a build that is under way. */
  partialMs?: number;
}

/**
 * What the graph worker does: keeps one open collection's HNSW graph up with its rows, behind the
 * exact search that serves meanwhile. The graphs themselves are in workers of their own; this one
 * reads, deals out, merges and keeps. A graph is built for any number of rows: for few it takes a
 * moment, and the reader may ask for it. No network.
 */
export class HnswApi implements GraphLines {
  readonly #database: () => Promise<Database>;
  readonly #options: HnswOptions & { cores: number };
  readonly #subscribers = new Set<(status: GraphStatus) => void>();
  #status: GraphStatus = NO_GRAPH;
  #collection: CollectionId | undefined;
  #settings = DEFAULT_INDEX_SETTINGS;
  /** Why a rebuild was asked for, where the reader did not ask. */
  #rebuiltFor = '';
  #graph: CollectionGraph | undefined;
  #stale = false;
  #rebuild = false;
  #failures = 0;
  #toldAt = -Infinity;
  #working: Promise<void> | undefined;
  #endIdle = () => {};

  constructor(database: () => Promise<Database>, options: HnswOptions = {}) {
    this.#database = database;
    const { startWorker, cores = navigator.hardwareConcurrency || 2 } = options;
    this.#options = { ...options, cores: startWorker ? cores : 1 };
  }

  /** Starts to load or build a collection's graph; `onStatus` hears of it as long as the worker lives. */
  open(collection: CollectionId, onStatus: (status: GraphStatus) => void): void {
    this.#collection = collection;
    this.#failures = 0;
    this.subscribe(onStatus);
    this.refresh();
  }

  /** Answers the same calls on a port, such as the engine worker's. */
  connectPort(port: MessagePort): void {
    expose(this, port);
  }

  /** One line to this worker: see {@link GraphLines}. */
  lines(onLine: (line: MessagePort) => void): void {
    const { port1, port2 } = new MessageChannel();
    this.connectPort(port1);
    onLine(transfer(port2, [port2]));
  }

  /** Tells the status now and whenever it changes. */
  subscribe(onStatus: (status: GraphStatus) => void): void {
    this.#subscribers.add(onStatus);
    onStatus(this.#status);
  }

  /**
   * Starts to catch up with what changed in the store. A graph that failed is begun anew, by itself
   * when it was in use; one that failed three times stays so until it is opened again or rebuilt.
   */
  refresh(): void {
    if (!this.#collection || this.#failures >= MOST_FAILURES) return;
    this.#stale = true;
    this.#endIdle();
    this.#start(this.#collection);
  }

  /**
   * Drops the graph, the saved one too, and builds another with the settings that are kept now.
   * Returns at once; search is exact meanwhile. `reason` is told of the graph that is built.
   */
  rebuild(reason = ''): void {
    this.#rebuild = true;
    this.#rebuiltFor = reason;
    this.#failures = 0;
    this.refresh();
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
   * About `k` rows near `vector` (L2-normalised, of the collection's dimensions), the nearest first
   * by the graph's own dimensions; deleted rows and rows beyond `known` may be among them. Undefined
   * while the graph is not ready, or when it fails over this. Throws `IndexError`
   * `wrong-dimensions` or `bad-vector`.
   */
  async search(
    vector: Float32Array,
    k: number,
    efSearch: number
  ): Promise<GraphAnswer | undefined> {
    const graph = this.#graph;
    if (!graph || this.#status.state !== 'ready') return undefined;
    try {
      const near = await graph.search(vector, k, efSearch);
      return near && transfer({ rows: near.rows, compared: near.compared }, [near.rows.buffer]);
    } catch (error) {
      if (graph.shards.reason) return undefined;
      throw error;
    }
  }

  #start(id: CollectionId): void {
    this.#working ??= this.#work(id).finally(() => (this.#working = undefined));
  }

  async #work(id: CollectionId): Promise<void> {
    do {
      try {
        await this.#catchUpAll(id);
      } catch (error) {
        await this.#fail(id, error);
      }
    } while (this.#stale && this.#failures < MOST_FAILURES);
  }

  /** Catches up until nothing has changed since, and keeps what came of it. */
  async #catchUpAll(id: CollectionId): Promise<void> {
    const db = await this.#database();
    if (this.#graph?.shards.reason) throw this.#graph.shards.reason;
    while (this.#stale) {
      this.#stale = false;
      const source = await readIndexSource(db, id);
      const graph = await this.#catchUp(db, id, source);
      if (graph.shards.reason) throw graph.shards.reason;
      if (!graph.unsaved || this.#rebuild) continue;
      await this.#idle();
      if (graph.shards.reason) throw graph.shards.reason;
      if (!this.#stale) await this.#keep(db, id, source, graph);
    }
  }

  async #catchUp(db: Database, id: CollectionId, source: IndexSource): Promise<CollectionGraph> {
    const total = countTaken(source);
    if (this.#rebuild || !this.#fits(source)) this.#drop();
    const graph = (this.#graph ??= await this.#makeGraph(db, id, source, total));
    await graph.bury(source.dead);
    const used = graph.liveCount >= total * USEFUL_SHARE;
    this.#tell(graph, used ? 'ready' : 'building', total);

    let kept = { rows: graph.liveCount, at: performance.now() };
    const { partialMs = 30_000 } = this.#options;
    await addMissing(graph, source, {
      onProgress: () => {
        if (!used || performance.now() - this.#toldAt >= TELL_MS)
          this.#tell(graph, this.#status.state, total);
      },
      between: async () => {
        const rows = graph.liveCount;
        if (rows - kept.rows < total * PARTIAL_SHARE || performance.now() - kept.at < partialMs)
          return;
        await this.#keep(db, id, source, graph);
        kept = { rows, at: performance.now() };
      },
      stopped: () => this.#rebuild
    });
    if (!this.#rebuild) this.#tell(graph, 'ready', total);
    return graph;
  }

  /** Whether the graph on hand is one that catching up makes good. */
  #fits(source: IndexSource): boolean {
    if (this.#graph?.make.generation !== source.snapshot.generation) return false;
    const size = {
      count: this.#graph.known.size,
      dimensions: this.#graph.make.dimensions,
      shards: this.#graph.shards.size
    };
    return !hasOutgrown(size, source, this.#settings.choice, this.#options.cores);
  }

  /** The saved graph, or an empty one with room for every row that is taken, and some more. */
  async #makeGraph(
    db: Database,
    id: CollectionId,
    source: IndexSource,
    total: number
  ): Promise<CollectionGraph> {
    const { cores } = this.#options;
    this.#publish({ state: 'loading', rows: 0, total, origin: null });
    if (this.#rebuild) await deleteGraph(db, id);
    this.#rebuild = false;
    const settings = (await getIndexSettings(db, id)) ?? DEFAULT_INDEX_SETTINGS;
    this.#settings = settings;
    const capacity = (shards: number) => Math.ceil((source.nextRow / shards) * 1.1) + 256;
    const start = (count: number) => this.#startShards(id, count);
    const restored = await restoreGraph(db, id, source, { settings, cores, capacity, start });
    if (restored.graph) {
      this.#publish({ ...this.#status, rows: restored.graph.liveCount, origin: 'loaded' });
      return restored.graph;
    }
    const reason = restored.reason || this.#rebuiltFor;
    this.#rebuiltFor = '';
    this.#publish({
      state: 'building',
      rows: 0,
      total,
      origin: 'built',
      ...(reason && { reason })
    });
    const make = await planGraph(source, settings);
    const shards = start(countShards(source.nextRow, cores));
    await shards.create(make, capacity(shards.size));
    const graph = new CollectionGraph(make, shards);
    graph.builtFor = reason;
    return graph;
  }

  #startShards(id: CollectionId, count: number): ShardSet {
    const shards = new ShardSet(count, this.#options, () => {
      if (this.#graph?.shards !== shards) return;
      this.#endIdle();
      // Work, under way or begun now, meets the reason by itself.
      this.#start(id);
    });
    return shards;
  }

  async #keep(
    db: Database,
    id: CollectionId,
    source: IndexSource,
    graph: CollectionGraph
  ): Promise<void> {
    graph.unsaved = false;
    try {
      await keepGraph(db, id, source, graph);
      graph.unkeptFor = '';
    } catch (error) {
      // It serves as long as it is open.
      graph.unkeptFor = `The graph could not be kept, so it will be built again. ${reasonOf(error)}`;
    }
    if (graph.shards.reason) throw graph.shards.reason;
    const { state, total } = this.#status;
    this.#tell(graph, state, total);
  }

  /** Waits until nothing has changed for a while; a refresh ends it at once. */
  #idle(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.idleMs ?? 1000);
      this.#endIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #drop(): void {
    this.#graph?.end();
    this.#graph = undefined;
  }

  async #fail(id: CollectionId, error: unknown): Promise<void> {
    this.#failures++;
    const died = this.#graph?.shards.reason !== undefined;
    this.#drop();
    const { state, origin, total } = this.#status;
    const reason = reasonOf(error);
    this.#publish({ state: 'failed', rows: 0, total, origin: null, reason });
    if (!died) return;
    // Nothing else may change for long, and until then every search would be exact.
    if (state === 'ready') this.#stale = true;
    // What was saved may be what it died of.
    if (origin !== 'loaded') return;
    this.#rebuiltFor = `The saved graph failed in use, so it is built again. ${reason}`;
    await this.#database()
      .then((db) => deleteGraph(db, id))
      .catch(() => undefined);
  }

  /** Tells where a graph stands that is being built or used. */
  #tell(graph: CollectionGraph, state: GraphStatus['state'], total: number): void {
    this.#toldAt = performance.now();
    const { origin } = this.#status;
    const reason = graph.remark;
    const told = { state, rows: graph.liveCount, total, origin, ...(reason && { reason }) };
    // A row that comes back to life is compared one by one until the graph finds it again.
    const known = without(graph.known.bits, graph.deleted.bits);
    const { generation } = graph.make;
    const used = state === 'ready' ? { generation, known, graph: graph.facts } : {};
    this.#publish({ ...told, ...used });
  }

  #publish(status: GraphStatus): void {
    this.#status = status;
    for (const onStatus of this.#subscribers) onStatus(status);
  }
}

/** What happened, and what to do next. */
function reasonOf(error: unknown): string {
  const { message, next } = toErrorData(error);
  return [message, next].filter(Boolean).join(' ');
}

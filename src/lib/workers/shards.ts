import { deviceMemory } from '#lib/base/device-memory.ts';
import { CancelledError, IndexError, type SemblanceError } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { connect, expose, transfer, type Remote } from '#lib/base/remote.ts';
import type { ExpectedGraph } from '#lib/index/check-graph.ts';
import type { NearRows } from '#lib/index/point-calls.ts';
import { WorkerClient } from './client.ts';
import { ShardApi, type LoadedShard, type SavedShard } from './shard-api.ts';

/** Batches a shard has at most: one it works on, one that waits, so that it never runs dry. */
const MAX_BATCHES = 2;
/** Share of the machine's memory that all graphs may take: the rest is left to vectors, page and others. */
const MEMORY_SHARE = 1 / 2;
/** Ticks without any sign of life after which a worker is taken for dead. */
const MAX_SILENT_TICKS = 12;

/** How shards are started and watched. */
export interface ShardOptions {
  /** Starts a worker; without it (a browser without nested workers) shards share this thread. */
  startWorker?: (() => Worker) | undefined;
  /** How often waiting is looked at, in milliseconds. */
  tickMs?: number;
  /** Bytes that all graphs may take together; by this machine's memory when undefined. */
  memoryBudget?: number;
}

interface Shard {
  api: Remote<ShardApi>;
  end(): void;
  batches: Set<Promise<unknown>>;
  memoryBytes: number;
  waiting: number;
  silentTicks: number;
}

/**
 * The graphs of one collection, side by side. When one fails, dies, or is silent for a minute, all
 * end: every call, waiting or later, rejects with the reason, and `onFailure` hears it once.
 */
export class ShardSet {
  readonly #shards: Shard[];
  /** Bytes that each may take. */
  readonly #maxBytes: number;
  readonly #onFailure: (reason: SemblanceError) => void;
  readonly #ticking: ReturnType<typeof setInterval>;
  /** Why the set has ended. */
  #reason: SemblanceError | undefined;

  constructor(
    count: number,
    { startWorker, tickMs = 5000, memoryBudget = deviceMemory() * MEMORY_SHARE }: ShardOptions,
    onFailure: (reason: SemblanceError) => void
  ) {
    this.#onFailure = onFailure;
    this.#maxBytes = memoryBudget / count;
    this.#shards = Array.from({ length: count }, () => ({
      ...(startWorker ? inWorker(startWorker, (reason) => this.#fail(reason)) : inThisThread()),
      batches: new Set<Promise<unknown>>(),
      memoryBytes: 0,
      waiting: 0,
      silentTicks: 0
    }));
    this.#ticking = setInterval(() => this.#tick(), tickMs);
  }

  /** Why the set has ended; undefined while it lives. */
  get reason(): SemblanceError | undefined {
    return this.#reason;
  }

  /** How many graphs there are: row `r` is in number `r % size`. */
  get size(): number {
    return this.#shards.length;
  }

  /** Memory of all graphs. */
  get memoryBytes(): number {
    return this.#shards.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  }

  /** Makes empty graphs, each with room for `capacity` rows. Throws as `ShardApi.create` does. */
  async create(made: ExpectedGraph, capacity: number): Promise<void> {
    await this.#all(async (shard) => {
      shard.memoryBytes = await this.#ask(shard, shard.api.create(made, capacity, this.#maxBytes));
    });
  }

  /** Takes up what {@link save} gave, one each. Throws as `ShardApi.load` does. */
  load(
    saved: Pick<SavedShard, 'blob' | 'digest'>[],
    made: ExpectedGraph,
    capacity: number
  ): Promise<LoadedShard[]> {
    return this.#all(async (shard, n) => {
      const loaded = await this.#ask(
        shard,
        shard.api.load(saved[n]!, made, capacity, this.#maxBytes)
      );
      shard.memoryBytes = loaded.memoryBytes;
      return loaded;
    });
  }

  /**
   * Hands a batch to shard `n`, whose vectors move there; resolves when the shard has room for the
   * next. `onAdded` is called when the rows are in.
   */
  async feed(
    n: number,
    rows: Uint32Array,
    vectors: Float32Array<ArrayBuffer>,
    onAdded: (rows: Uint32Array) => void
  ): Promise<void> {
    const shard = this.#shards[n]!;
    while (shard.batches.size >= MAX_BATCHES) await Promise.race(shard.batches);
    const moved = transfer(vectors, [vectors.buffer]);
    const batch = this.#ask(shard, shard.api.add(rows, moved)).then((bytes) => {
      shard.memoryBytes = bytes;
      shard.batches.delete(batch);
      onAdded(rows);
    });
    // Whoever waits next hears of a failure.
    batch.catch(() => undefined);
    shard.batches.add(batch);
  }

  /** Resolves when every batch handed out is in. */
  async drain(): Promise<void> {
    await this.#all(({ batches }) => Promise.all(batches));
  }

  /** Marks rows in whichever graph they are: see `ShardApi.mark`. */
  async mark(died: Row[], revived: Row[]): Promise<void> {
    const own = (rows: Row[], n: number) => rows.filter((row) => row % this.size === n);
    await this.#all(async (shard, n) => {
      const [gone, back] = [own(died, n), own(revived, n)];
      if (gone.length + back.length > 0) await this.#ask(shard, shard.api.mark(gone, back));
    });
  }

  /** About the `k` nearest rows of all graphs, the nearest first; equally near ones by row. */
  async search(vector: Float32Array, k: number, efSearch: number): Promise<NearRows> {
    const answers = await this.#all((shard) =>
      this.#ask(shard, shard.api.search(vector, k, efSearch))
    );
    const near = answers.flatMap(({ rows, distances }) =>
      Array.from(rows, (row, i) => ({ row, distance: distances[i]! }))
    );
    near.sort((a, b) => a.distance - b.distance || a.row - b.row).splice(k);
    return {
      rows: Uint32Array.from(near, ({ row }) => row),
      distances: Float32Array.from(near, ({ distance }) => distance),
      compared: answers.reduce((sum, { compared }) => sum + compared, 0)
    };
  }

  /** Every graph as it is when it hears of this. */
  save(): Promise<SavedShard[]> {
    return this.#all((shard) => this.#ask(shard, shard.api.save()));
  }

  /** Ends every worker; calls that wait reject. */
  end(): void {
    this.#stop(new IndexError('graph-ended', 'The graph was let go.'));
  }

  #all<Result>(action: (shard: Shard, n: number) => Promise<Result>): Promise<Result[]> {
    return Promise.all(this.#shards.map(action));
  }

  /** Waits for a shard's answer; an error is the end of all. */
  async #ask<Result>(shard: Shard, answer: Promise<Result>): Promise<Result> {
    shard.waiting++;
    try {
      return await answer;
    } catch (error) {
      this.#fail(error as SemblanceError);
      throw this.#reason!;
    } finally {
      shard.waiting--;
      shard.silentTicks = 0;
    }
  }

  #tick(): void {
    for (const shard of this.#shards) {
      if (shard.waiting === 0) continue;
      if (shard.silentTicks++ >= MAX_SILENT_TICKS) {
        this.#fail(new IndexError('graph-failed', 'A part of the graph has stopped answering.'));
        return;
      }
      void shard.api.ping().then(
        () => (shard.silentTicks = 0),
        () => undefined
      );
    }
  }

  #fail(reason: SemblanceError): void {
    if (this.#reason) return;
    this.#stop(reason);
    this.#onFailure(reason);
  }

  #stop(reason: SemblanceError): void {
    this.#reason ??= reason;
    clearInterval(this.#ticking);
    for (const shard of this.#shards) shard.end();
  }
}

function inWorker(
  start: () => Worker,
  onDeath: (reason: SemblanceError) => void
): Pick<Shard, 'api' | 'end'> {
  const client = new WorkerClient<ShardApi>('graph', start);
  client.onDeath = onDeath;
  // Taken once: a client asked again would start another worker in a dead one's place.
  return { api: client.api, end: () => client.end() };
}

function inThisThread(): Pick<Shard, 'api' | 'end'> {
  const { port1, port2 } = new MessageChannel();
  expose(new ShardApi(), port1);
  const { api, close } = connect<ShardApi>(port2);
  const end = () => {
    close(new CancelledError());
    port1.close();
  };
  return { api, end };
}

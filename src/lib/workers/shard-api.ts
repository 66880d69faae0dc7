import { makeBreather } from '#lib/base/breathe.ts';
import { IndexError } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { transfer } from '#lib/base/remote.ts';
import type { ExpectedGraph } from '#lib/index/check-graph.ts';
import { HnswGraph } from '#lib/index/hnsw.ts';
import type { NearRows } from '#lib/index/point-calls.ts';

/** What a shard holds after it was loaded. */
export interface LoadedShard {
  rows: Uint32Array;
  deleted: Uint32Array;
  memoryBytes: number;
}

/** A shard as it is kept; of no bytes when it holds no rows. */
export interface SavedShard {
  blob: Blob;
  /** SHA-256, hexadecimal. */
  digest: string;
  /** Rows in it, deleted ones included. */
  count: number;
}

/**
 * What a shard's worker does: holds one HNSW graph with a part of a collection's rows, and answers
 * between two stretches of building. No network, no store. Whoever calls has checked rows and vectors.
 */
export class ShardApi {
  #graph: HnswGraph | undefined;

  /**
   * An empty graph with room for `capacity` rows, which never takes more than `maxBytes`. Returns its
   * memory in bytes; throws `IndexError`.
   */
  async create(made: ExpectedGraph, capacity: number, maxBytes: number): Promise<number> {
    this.#graph = await HnswGraph.create(made, capacity, maxBytes);
    return this.#graph.memoryBytes;
  }

  /**
   * Takes up a saved shard. Throws `IndexError`: `graph-damaged` when it can't be read, is not what
   * was saved, or {@link HnswGraph.load} refuses it; `graph-too-large`.
   */
  async load(
    { blob, digest }: Pick<SavedShard, 'blob' | 'digest'>,
    made: ExpectedGraph,
    capacity: number,
    maxBytes: number
  ): Promise<LoadedShard> {
    const bytes = await blob.arrayBuffer().then(
      (buffer) => new Uint8Array(buffer),
      () => undefined
    );
    if (!bytes || (await digestOf(bytes)) !== digest) {
      throw new IndexError('graph-damaged', 'The saved graph is not as it was saved.');
    }
    const empty = bytes.length === 0;
    const graph = empty
      ? await HnswGraph.create(made, capacity, maxBytes)
      : await HnswGraph.load(bytes, made, capacity, maxBytes);
    this.#graph = graph;
    const rows = Uint32Array.from(graph.rows);
    return { rows, deleted: Uint32Array.from(graph.deleted), memoryBytes: graph.memoryBytes };
  }

  /** Adds rows with their vectors (`rows.length × dimensions`). Returns the memory, in bytes. */
  async add(rows: Uint32Array, vectors: Float32Array): Promise<number> {
    const graph = this.#made();
    const breathe = makeBreather();
    for (let i = 0; i < rows.length; i++) {
      graph.add(rows[i]!, vectors.subarray(i * graph.dimensions, (i + 1) * graph.dimensions));
      await breathe();
    }
    return graph.memoryBytes;
  }

  /** Rows that died are not found any more, rows that were revived are found again. */
  async mark(died: Row[], revived: Row[]): Promise<void> {
    const graph = this.#made();
    const breathe = makeBreather();
    graph.markDeleted(died);
    for (const row of revived) {
      graph.unmark(row);
      await breathe();
    }
  }

  /** See {@link HnswGraph.search}. */
  search(vector: Float32Array, k: number, efSearch: number): NearRows {
    const near = this.#made().search(vector, k, efSearch);
    return transfer(near, [near.rows.buffer, near.distances.buffer]);
  }

  /** The shard as it is at this moment. */
  async save(): Promise<SavedShard> {
    const { rows } = this.#made();
    const count = rows.size;
    const bytes = count === 0 ? new Uint8Array(0) : this.#made().bytes();
    return { blob: new Blob([bytes]), digest: await digestOf(bytes), count };
  }

  /** Answers, which shows that the worker lives. */
  ping(): void {}

  #made(): HnswGraph {
    if (!this.#graph) throw new IndexError('not-open', 'There is no graph in this worker.');
    return this.#graph;
  }
}

/** SHA-256, hexadecimal. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

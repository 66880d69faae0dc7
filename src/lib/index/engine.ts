import { bitAt } from '#lib/base/bits.ts';
import { IndexError } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { vectorFault } from '#lib/base/vector.ts';
import { countRows, intersect } from './bitmap.ts';
import { scanExact, similarityAt } from './exact.ts';
import { chooseMethod } from './plan.ts';
import { TopK } from './top-k.ts';
import type { GraphStatus, NeighbourQuery, Neighbours, Plan, VectorBatch } from './types.ts';
import { VectorTable } from './vector-table.ts';

/** The HNSW graph as the engine sees it, wherever it lives. */
export interface GraphPort {
  /** `ready` only while the graph knows the same live rows as the engine. */
  status(): GraphStatus;
  /**
   * About `k` rows near `vector`, or undefined when the graph can't answer now. Rows may be too few,
   * dead or unknown: the engine checks. Never throws.
   */
  search(
    vector: Float32Array,
    k: number,
    allowed?: Uint8Array
  ): Promise<ArrayLike<Row> | undefined>;
}

const NO_GRAPH: GraphPort = {
  status: () => ({ state: 'none', rows: 0, total: 0, origin: null }),
  search: () => Promise.resolve(undefined)
};

/**
 * Nearest neighbours in one collection. Whatever the method, an answer's similarities are computed
 * from the float32 vectors, and it is complete: as many rows as asked, or as there are.
 */
export class Engine {
  readonly #table: VectorTable;
  readonly #graph: GraphPort;

  private constructor(dimensions: number, graph: GraphPort) {
    this.#table = new VectorTable(dimensions);
    this.#graph = graph;
  }

  /** An empty engine for vectors of `dimensions`; without a graph every search is exact. */
  static open(dimensions: number, graph: GraphPort = NO_GRAPH): Engine {
    return new Engine(dimensions, graph);
  }

  /** Live rows. */
  get rows(): number {
    return this.#table.liveCount;
  }

  get dimensions(): number {
    return this.#table.dimensions;
  }

  /** Memory of the vectors, in bytes. */
  get bytes(): number {
    return this.#table.bytes;
  }

  /** Takes vectors, which can be found at once. Throws `IndexError` as {@link VectorTable.add} does. */
  add(batch: VectorBatch): void {
    this.#table.add(batch);
  }

  /** Rows are not found any more; their vectors stay, so that {@link restore} can undo it. */
  remove(rows: Iterable<Row>): void {
    this.#table.remove(rows);
  }

  /** Undoes {@link remove}. */
  restore(rows: Iterable<Row>): void {
    this.#table.restore(rows);
  }

  /**
   * The vectors of rows, one after the other: `rows.length × dimensions`. Throws `IndexError`
   * `no-vector` when a row has none.
   */
  vectorsOf(rows: ArrayLike<Row>): Float32Array<ArrayBuffer> {
    const { dimensions } = this;
    const joined = new Float32Array(rows.length * dimensions);
    for (let i = 0; i < rows.length; i++) {
      const found = this.#table.find(rows[i]!);
      if (!found) throw new IndexError('no-vector', `Row ${rows[i]} has no vector.`);
      joined.set(found.vectors.subarray(found.offset, found.offset + dimensions), i * dimensions);
    }
    return joined;
  }

  /**
   * The `k` live, allowed rows most similar to the query's vector; equal similarities by row. Throws
   * `IndexError` `wrong-dimensions` or `bad-vector` for a query that can't be compared.
   */
  async search(query: NeighbourQuery): Promise<Neighbours> {
    this.#check(query.vector);
    const { live, liveCount } = this.#table;
    const allowed = query.allowed ? intersect(live, query.allowed) : live;
    const rows = query.allowed ? countRows(allowed) : liveCount;
    const k = Math.max(0, Math.min(query.k, rows));
    const choice = chooseMethod(
      query.method,
      { live: liveCount, matching: rows },
      this.#graph.status()
    );

    if (choice.method === 'exact')
      return this.#scan(query.vector, k, allowed, { ...choice, rows, steps: [] });
    const from = performance.now();
    const near = await this.#graph.search(query.vector, k, query.allowed && allowed);
    const steps = [{ name: 'graph', ms: performance.now() - from }];
    if (near) {
      const found = this.#rescore(query.vector, k, near, allowed, { ...choice, rows, steps });
      if (found.rows.length === k) return found;
    }
    const reason = near ? 'The graph found too few.' : 'The graph did not answer.';
    return this.#scan(query.vector, k, allowed, { method: 'exact', reason, rows, steps });
  }

  #check(vector: Float32Array): void {
    if (vector.length !== this.dimensions) {
      throw new IndexError(
        'wrong-dimensions',
        `The query has ${vector.length} dimensions, the collection ${this.dimensions}.`,
        'Embed the query with the model and dimensions of the collection.'
      );
    }
    const fault = vectorFault(vector);
    if (fault)
      throw new IndexError('bad-vector', `The query's vector can't be compared (${fault}).`);
  }

  #scan(
    vector: Float32Array,
    k: number,
    allowed: Uint8Array,
    plan: Omit<Plan, 'compared'>
  ): Neighbours {
    const from = performance.now();
    const { rows, similarities, compared } = scanExact(this.#table.blocks, vector, k, allowed);
    const step = { name: 'scan', ms: performance.now() - from };
    return { rows, similarities, plan: { ...plan, compared, steps: [...plan.steps, step] } };
  }

  /** The graph's rows that may be shown, by similarity computed anew from the vectors. */
  #rescore(
    vector: Float32Array,
    k: number,
    near: ArrayLike<Row>,
    allowed: Uint8Array,
    plan: Omit<Plan, 'compared'>
  ): Neighbours {
    const from = performance.now();
    const top = new TopK(k);
    for (let i = 0; i < near.length; i++) {
      const found = bitAt(allowed, near[i]!) && this.#table.find(near[i]!);
      if (found) top.offer(near[i]!, similarityAt(found.vectors, found.offset, vector));
    }
    const step = { name: 're-score', ms: performance.now() - from };
    return { ...top.sorted(), plan: { ...plan, compared: null, steps: [...plan.steps, step] } };
  }
}

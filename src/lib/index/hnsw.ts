import type { HierarchicalNSW, HnswlibModule } from 'hnswlib-wasm/lib/hnswlib.mjs';
import { IndexError } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { vectorFault } from '#lib/base/vector.ts';
import { checkGraph, countPoints, type ExpectedGraph } from './check-graph.ts';
import { PointCalls, type NearRows } from './point-calls.ts';

/** WebAssembly memory ends at 2 GiB here; the rest is the library's own and what searches need. */
const MAX_GRAPH_BYTES = 1.8 * 2 ** 30;
/** Upper levels, label tables, locks and allocation heads of one point, generously. */
const POINT_OVERHEAD_BYTES = 128;
/** Levels are drawn at random; always the same ones, so that a build can be repeated. */
const RANDOM_SEED = 100;
const FOLDER = '/hnswlib-index';
const FILE = 'graph';

/** Memory of a graph with room for `capacity` points, in bytes. */
export function graphBytes(capacity: number, dimensions: number, M: number): number {
  return capacity * (4 + 8 * M + 4 * dimensions + 4 + POINT_OVERHEAD_BYTES);
}

/**
 * An HNSW graph in WebAssembly memory of its own, which shrinks only when the graph is let go. The
 * library takes nearly everything and answers mistakes with traps or silence; this class refuses them
 * first. The space is `ip`: on L2-normalised vectors inner product orders as cosine does, and `cosine`
 * would only normalise each vector once more, so that it differed from the one that is kept.
 */
export class HnswGraph {
  readonly dimensions: number;
  readonly M: number;
  readonly #maxBytes: number;
  readonly #module: HnswlibModule;
  readonly #index: HierarchicalNSW;
  readonly #points: PointCalls;
  readonly #rows: Set<Row>;
  readonly #deleted: Set<Row>;

  private constructor(
    module: HnswlibModule,
    index: HierarchicalNSW,
    made: ExpectedGraph,
    maxBytes: number
  ) {
    this.#maxBytes = maxBytes;
    this.#module = module;
    this.#index = index;
    this.#points = new PointCalls(module.asm, index, made.dimensions);
    this.dimensions = made.dimensions;
    this.M = made.M;
    this.#deleted = new Set(index.getDeletedLabels());
    this.#rows = new Set([...index.getUsedLabels(), ...this.#deleted]);
  }

  /**
   * An empty graph with room for `capacity` points, which never takes more than `maxBytes`. Throws
   * `IndexError` `graph-too-large`.
   */
  static async create(
    made: ExpectedGraph,
    capacity: number,
    maxBytes = MAX_GRAPH_BYTES
  ): Promise<HnswGraph> {
    assertFits(graphBytes(capacity, made.dimensions, made.M), maxBytes);
    const module = await loadModule();
    const index = new module.HierarchicalNSW('ip', made.dimensions, '');
    attempt('make room', () =>
      index.initIndex(Math.max(1, capacity), made.M, made.efConstruction, RANDOM_SEED)
    );
    return new HnswGraph(module, index, made, maxBytes);
  }

  /**
   * A graph from the bytes of {@link bytes}, with room for at least `capacity` points, which never
   * takes more than `maxBytes`. Throws `IndexError`: `graph-damaged` when {@link checkGraph} refuses the bytes, `graph-too-large`.
   */
  static async load(
    bytes: Uint8Array,
    made: ExpectedGraph,
    capacity: number,
    maxBytes = MAX_GRAPH_BYTES
  ): Promise<HnswGraph> {
    const fault = checkGraph(bytes, made);
    if (fault) throw new IndexError('graph-damaged', `The saved graph can't be used: ${fault}.`);
    const room = Math.max(capacity, countPoints(bytes));
    assertFits(graphBytes(room, made.dimensions, made.M), maxBytes);
    const module = await loadModule();
    const index = new module.HierarchicalNSW('ip', made.dimensions, '');
    // Taken over as they are: a copy of a large graph might not fit beside it.
    module.FS.writeFile(`${FOLDER}/${FILE}`, bytes, { canOwn: true });
    attempt('load', () => index.readIndex(FILE, room));
    module.FS.unlink(`${FOLDER}/${FILE}`);
    return new HnswGraph(module, index, made, maxBytes);
  }

  /** Rows in the graph, deleted ones included. */
  get rows(): ReadonlySet<Row> {
    return this.#rows;
  }

  /** Rows in the graph that are not found. */
  get deleted(): ReadonlySet<Row> {
    return this.#deleted;
  }

  /** What its room takes, in bytes. */
  get memoryBytes(): number {
    return graphBytes(this.#index.getMaxElements(), this.dimensions, this.M);
  }

  /**
   * Adds one row with its vector. Throws `IndexError`: `wrong-dimensions`, `bad-vector` (not finite,
   * or zero), `row-twice` (deleted rows count: a changed text gets a new row), `graph-too-large`.
   */
  add(row: Row, vector: Float32Array): void {
    this.#check(vector);
    if (this.#rows.has(row))
      throw new IndexError('row-twice', `Row ${row} is in the graph already.`);
    this.#makeRoom();
    attempt('add a row', () => this.#points.add(row, vector));
    this.#rows.add(row);
  }

  /** Rows are not found any more; rows that are not in the graph, or deleted already, are passed over. */
  markDeleted(rows: Iterable<Row>): void {
    const known = [...new Set(rows)].filter(
      (row) => this.#rows.has(row) && !this.#deleted.has(row)
    );
    if (known.length === 0) return;
    attempt('delete rows', () => this.#index.markDeleteItems(known));
    for (const row of known) this.#deleted.add(row);
  }

  /** Undoes {@link markDeleted} for one row, at the cost of a walk over all labels. */
  unmark(row: Row): void {
    if (!this.#deleted.has(row)) return;
    attempt('restore a row', () => this.#index.unmarkDelete(row));
    this.#deleted.delete(row);
  }

  /**
   * About the `k` nearest rows; fewer when there are fewer, or fewer can be reached. The search keeps
   * `efSearch` candidates, at least `k`. Throws `IndexError` `wrong-dimensions` or `bad-vector`.
   */
  search(vector: Float32Array, k: number, efSearch: number): NearRows {
    this.#check(vector);
    const most = Math.min(k, this.#rows.size - this.#deleted.size);
    if (most < 1) return { rows: new Uint32Array(0), distances: new Float32Array(0), compared: 0 };
    return attempt('search', () => {
      this.#index.setEfSearch(Math.max(efSearch, most));
      return this.#points.search(vector, most);
    });
  }

  /** The graph in hnswlib's own format (32-bit sizes). */
  bytes(): Uint8Array<ArrayBuffer> {
    try {
      this.#index.writeIndex(FILE);
    } catch {
      // The file is written; what fails is the library's wish to copy it into an IndexedDB of its own.
    }
    const path = `${FOLDER}/${FILE}`;
    // The file's own bytes, which the file system lets go of: reading it would copy them.
    const { node } = attempt('write', () => this.#module.FS.lookupPath(path));
    this.#module.FS.unlink(path);
    return node.contents.subarray(0, node.usedBytes);
  }

  #check(vector: Float32Array): void {
    if (vector.length !== this.dimensions) {
      throw new IndexError(
        'wrong-dimensions',
        `A vector has ${vector.length} dimensions, the graph ${this.dimensions}.`
      );
    }
    const fault = vectorFault(vector);
    if (fault) throw new IndexError('bad-vector', `A vector can't be in a graph (${fault}).`);
  }

  /** Grows by half when full. Old and new stand side by side while the library copies. */
  #makeRoom(): void {
    const capacity = this.#index.getMaxElements();
    if (this.#rows.size < capacity) return;
    const larger = Math.ceil(capacity * 1.5) + 1;
    assertFits(graphBytes(capacity + larger, this.dimensions, this.M), this.#maxBytes);
    attempt('make room', () => this.#index.resizeIndex(larger));
  }
}

function assertFits(bytes: number, maxBytes: number): void {
  const most = Math.min(maxBytes, MAX_GRAPH_BYTES);
  if (bytes <= most) return;
  const [needed, room] = [bytes, most].map((size) => (size / 2 ** 30).toFixed(1));
  const where = most < MAX_GRAPH_BYTES ? 'this machine' : 'WebAssembly';
  throw new IndexError(
    'graph-too-large',
    `A graph of this size needs ${needed} GiB in one piece; ${where} has room for ${room}.`,
    'Search stays exact. Fewer dimensions make a graph possible.'
  );
}

/** The library throws exceptions without a message. */
function attempt<Result>(what: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    const cause = error instanceof Error && error.message ? ` (${error.message})` : '';
    throw new IndexError('graph-failed', `The graph library could not ${what}${cause}.`);
  }
}

/** A new module with memory of its own; its notes to the console are dropped. */
async function loadModule(): Promise<HnswlibModule> {
  const { default: factory } = await import('hnswlib-wasm/lib/hnswlib.mjs');
  const quiet = () => {};
  const module = await factory({ print: quiet, printErr: quiet }).catch((error: unknown) => {
    const cause = error instanceof Error ? ` (${error.message})` : '';
    // Else there is most likely no room for another memory.
    const isOld = cause.includes('CompileError');
    throw new IndexError(
      'graph-failed',
      `The graph library could not start${cause}.`,
      `Search stays exact. ${isOld ? 'It needs a browser with SIMD.' : 'Closing other tabs may help.'}`
    );
  });
  module.FS.mkdir(FOLDER);
  return module;
}

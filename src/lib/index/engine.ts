import type { VectorCodes } from '#lib/base/codes.ts';
import { makeBreather } from '#lib/base/breathe.ts';
import { IndexError, whenCancelled } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { normalise, vectorFault } from '#lib/base/vector.ts';
import { searchMany } from './batch.ts';
import { countRows, intersect } from './bitmap.ts';
import { calibrate, compareWithAll } from './compare.ts';
import { Costs } from './costs.ts';
import { narrow, NO_GRAPH, unknownTo, type GraphPort } from './graph-port.ts';
import { Arena } from './kernel/arena.ts';
import type { Kernel } from './kernel/kernel.ts';
import { choosePlan, type Situation } from './plan.ts';
import { rescore } from './rescore.ts';
import { Scanner, type Scored } from './scanner.ts';
import { clampSimilarity } from './similarity.ts';
import type {
  BatchQuery,
  GraphTuning,
  ManyNeighbours,
  NeighbourQuery,
  Neighbours,
  Plan,
  Step,
  VectorBatch
} from './types.ts';
import { VectorTable, type Block, type VectorSource } from './vector-table.ts';

/** What an engine is made of; graph and source may be missing. */
export interface EngineParts {
  kernel: Kernel;
  graph?: GraphPort;
  source?: VectorSource;
  /** Generation of the collection whose rows these are: a graph of another one is not asked. */
  generation?: number;
}

/** Neighbours with their vectors, `rows.length × dimensions`; decoded ones while provisional. */
export type Found = Neighbours & { vectors: Float32Array };

const NO_PORT: GraphPort = { status: () => NO_GRAPH, search: () => Promise.resolve(undefined) };

/**
 * Nearest neighbours in one collection, which can be searched from the moment its vectors (or their
 * codes) are there. Whatever the way, an answer is re-scored from the float32 vectors, and it is
 * complete: as many rows as asked, or as there are.
 */
export class Engine {
  /** How the graph is asked; null until it has been measured. */
  tuning: GraphTuning | null = null;
  readonly table: VectorTable;
  readonly graph: GraphPort;
  readonly #makeScanner: () => Scanner;
  readonly #scanner: Scanner;
  readonly #costs = new Costs();
  /** Of the collection whose rows these are. */
  readonly generation: number;
  #batchScanner: Scanner | undefined;
  #batches: Promise<unknown> = Promise.resolve();

  private constructor(dimensions: number, parts: EngineParts) {
    const { kernel } = parts;
    const arena = new Arena(kernel.memory);
    this.table = new VectorTable(dimensions, kernel, arena, parts.source);
    this.graph = parts.graph ?? NO_PORT;
    this.#makeScanner = () => new Scanner(kernel, arena, dimensions);
    this.#scanner = this.#makeScanner();
    this.generation = parts.generation ?? 0;
  }

  /** An empty engine for vectors of `dimensions`; without a graph every search is exact. */
  static open(dimensions: number, parts: EngineParts): Engine {
    return new Engine(dimensions, parts);
  }

  /** Live rows. */
  get rows(): number {
    return this.table.live.count;
  }

  get dimensions(): number {
    return this.table.dimensions;
  }

  /** Takes vectors, which can be found at once. Throws `IndexError` as {@link VectorTable.add} does. */
  add(batch: VectorBatch): Block {
    return this.table.add(batch);
  }

  /** Rows are not found any more; their vectors stay, so that {@link restore} can undo it. */
  remove(rows: Iterable<Row>): void {
    this.table.live.remove(rows);
  }

  /** Undoes {@link remove}. */
  restore(rows: Iterable<Row>): void {
    this.table.live.restore(rows);
  }

  /**
   * Encodes what has no codes yet, in short stretches, and tells of each block; until then it is
   * compared as it is. Then learns what comparing costs here. Throws `IndexError` `out-of-memory`,
   * and what `onBlock` throws.
   */
  async encode(
    onBlock: (block: Block, codes: VectorCodes) => void | Promise<void> = () => {}
  ): Promise<void> {
    const breathe = makeBreather();
    for (const block of this.table.blocks) {
      if (block.codes) continue;
      await onBlock(block, this.table.encode(block));
      await breathe();
    }
    calibrate(this.table, this.#scanner, this.#costs);
  }

  /**
   * The `k` live, allowed rows most similar to the query's vector; equal similarities by row. Where
   * vectors have to be read for the re-scoring, `onFirst` gets a provisional answer at once. `tuning`
   * tells how to ask the graph. Throws `IndexError` `wrong-dimensions` or `bad-vector` for a query
   * that can't be compared, `out-of-memory`, and what reading vectors throws.
   */
  async search(
    query: NeighbourQuery,
    onFirst?: (first: Found) => void,
    tuning = this.tuning
  ): Promise<Found> {
    const steps: Step[] = query.sentAt === undefined ? [] : [waited(query.sentAt)];
    this.#check(query.vector);
    const { live } = this.table;
    let from = performance.now();
    const allowed = query.allowed ? intersect(live.bits, query.allowed) : live.bits.slice();
    const matching = query.allowed ? countRows(allowed) : live.count;
    if (query.allowed) steps.push({ name: 'filter', ms: performance.now() - from });
    const k = Math.max(0, Math.min(query.k, matching));

    const unknown = this.unknownToGraph();
    const situation = this.#situation(query, k, matching, tuning, {
      missing: countRows(unknown),
      missingMatching: countRows(query.allowed ? intersect(allowed, unknown) : unknown)
    });
    let choice = choosePlan(situation);
    let searched = allowed;
    let walked = 0;
    if (choice.graph) {
      from = performance.now();
      const near = await narrow(this.graph, query.vector, choice.graph, allowed, unknown);
      const ms = performance.now() - from;
      steps.push({ name: 'graph', ms });
      if (near) this.#costs.observeGraph(choice.graph.efSearch, ms);
      walked = near?.compared ?? 0;
      if (near && near.found >= choice.graph.enough) searched = near.rows;
      else {
        const reason = near ? 'The graph found too few.' : 'The graph did not answer.';
        choice = { ...choosePlan({ ...situation, graph: NO_GRAPH }), reason };
      }
    }
    from = performance.now();
    const { candidates, precision } = choice;
    const scored = compareWithAll(
      this.table,
      this.#scanner,
      query.vector,
      candidates,
      searched,
      precision
    );
    const ms = performance.now() - from;
    steps.push({ name: 'scan', ms });
    if (scored.compared === live.count) {
      const bytes = scored.compared * this.dimensions * (precision === 'int8' ? 1 : 4);
      this.#costs.observeScan(precision, bytes, ms);
    }

    const { method, reason, expected } = choice;
    const compared = walked + scored.compared;
    const plan = { method, precision, reason, expected, rows: matching, compared, steps };
    const far = scored.rows.some((row) => !this.table.find(row)!.block.vectors);
    if (far && onFirst) onFirst(this.#provisional(scored, k, { ...plan, steps: [...steps] }));
    return this.#rescore(query.vector, k, scored, plan, far);
  }

  /** How Automatic would answer a question for `k` neighbours now, among all rows. */
  outlook(k: number): Pick<Plan, 'method' | 'precision' | 'reason' | 'expected'> {
    const missing = countRows(this.unknownToGraph());
    const situation = this.#situation({ method: 'automatic' }, k, this.rows, this.tuning, {
      missing,
      missingMatching: missing
    });
    const { method, precision, reason, expected } = choosePlan(situation);
    return { method, precision, reason, expected };
  }

  /**
   * Answers many questions, one such batch after the other; single searches are answered in between.
   * Tells how many are done. Throws `CancelledError`, `IndexError` as {@link search} does, and what
   * reading vectors throws.
   */
  async searchMany(
    query: BatchQuery,
    onProgress?: (done: number, total: number) => void,
    signal?: AbortSignal
  ): Promise<ManyNeighbours> {
    if (query.questions instanceof Float32Array) this.#checkAll(query.questions);
    this.#batchScanner ??= this.#makeScanner();
    const scanner = this.#batchScanner;
    const before = this.#batches;
    const batch = Promise.race([before, whenCancelled(signal)]).then(() =>
      searchMany(this.table, scanner, query, onProgress, signal)
    );
    // One that is cancelled while it waits lets the next one wait on.
    this.#batches = before.then(() => batch.catch(() => {}));
    return batch;
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

  #checkAll(vectors: Float32Array): void {
    for (let start = 0; start < vectors.length; start += this.dimensions) {
      this.#check(vectors.subarray(start, start + this.dimensions));
    }
  }

  #situation(
    { method, precision }: Pick<NeighbourQuery, 'method' | 'precision'>,
    k: number,
    matching: number,
    tuning: GraphTuning | null,
    unknown: Pick<Situation, 'missing' | 'missingMatching'>
  ): Situation {
    return {
      ...unknown,
      asked: method,
      precision,
      k,
      matching,
      tuning,
      live: this.rows,
      dimensions: this.dimensions,
      resident: this.table.resident,
      graph: this.graph.status(),
      costs: this.#costs
    };
  }

  /** Live rows the graph does not know, as a bitmap; all of them when its rows are not these. */
  unknownToGraph(): Uint8Array {
    return unknownTo(this.graph, this.table.live.bits, this.generation);
  }

  /** The first answer: what the codes say. */
  #provisional({ rows, similarities }: Scored, k: number, plan: Plan): Found {
    const best = rows.slice(0, k);
    const vectors = new Float32Array(best.length * this.dimensions);
    best.forEach((row, n) => {
      const { block, place } = this.table.find(row)!;
      const vector = block.codes
        ? normalise(this.table.decode(block, place))
        : block.vectors!.subarray(place * this.dimensions, (place + 1) * this.dimensions);
      vectors.set(vector, n * this.dimensions);
    });
    return {
      rows: best,
      similarities: similarities.slice(0, k).map(clampSimilarity),
      vectors,
      provisional: true,
      plan
    };
  }

  async #rescore(
    query: Float32Array,
    k: number,
    { rows }: Scored,
    plan: Plan,
    far: boolean
  ): Promise<Found> {
    const from = performance.now();
    const best = rescore(query, k, rows, await this.table.locate(rows));
    const ms = performance.now() - from;
    this.#costs.observeRescore(rows.length, far ? 'store' : 'memory', ms);
    plan.steps.push({ name: 're-score', ms });
    return { ...best, provisional: false, plan };
  }
}

/** How long a query waited for its turn. */
function waited(sentAt: number): Step {
  const now = performance.timeOrigin + performance.now();
  return { name: 'queue', ms: Math.max(0, now - sentAt) };
}

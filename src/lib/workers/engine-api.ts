import type { CollectionId } from '#lib/base/ids.ts';
import { IndexError, throwIfCancelled } from '#lib/base/errors.ts';
import { transfer } from '#lib/base/remote.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { shorterChoices } from '#lib/embedding/catalogue.ts';
import { compareEach, groupMeans } from '#lib/index/compare-each.ts';
import type { Found } from '#lib/index/engine.ts';
import type { KernelKind } from '#lib/index/kernel/kernel.ts';
import { loadKernel } from '#lib/index/kernel/load.ts';
import { measureShortened } from '#lib/index/measure-shortened.ts';
import { measure } from '#lib/index/measure.ts';
import { similarityAt } from '#lib/index/similarity.ts';
import { pairSimilarities } from '#lib/index/pair-similarities.ts';
import type {
  BatchQuery,
  GraphChoice,
  GraphTuning,
  IndexSettings,
  ManyNeighbours,
  Measurement,
  NeighbourQuery,
  Plan
} from '#lib/index/types.ts';
import {
  drawNeighbours,
  drawVectors,
  type DrawnNeighbours,
  type Drawing
} from './drawn-neighbours.ts';
import { GraphLink } from './graph-link.ts';
import { GraphTuner } from './graph-tuner.ts';
import { readIndexSource } from './index-source.ts';
import { recommend, type Recommended, type RecommendQuery } from './recommend.ts';
import { OpenIndex, type OpenIndexOptions } from './open-index.ts';

/** What the engine holds. */
export interface EngineStatus {
  /** Live rows. */
  rows: number;
  dimensions: number;
  /** Milliseconds this opening or refreshing took. */
  openMs: number;
}

/** What a collection's index is made of. */
export interface IndexFacts {
  rows: number;
  dimensions: number;
  kernel: KernelKind;
  /** Bytes in memory: codes and what belongs to them, and float32 vectors. */
  memory: { codes: number; vectors: number };
  /** Whether every float32 vector is in memory. */
  resident: boolean;
  /** Bytes in the store. */
  disk: { codes: number; vectors: number };
  settings: IndexSettings;
  /** How the graph is asked now; null while there is none, or it has not been measured. */
  tuning: GraphTuning | null;
  /** How a question would be answered now. */
  outlook: Pick<Plan, 'method' | 'precision' | 'reason' | 'expected'>;
}

/** Rows as they lie to a question: `rows.length` cosine similarities. */
export type DescribedRows = Drawing & { similarities: Float32Array };

/** Neighbours of a usual question. */
const USUAL_K = 20;
/** Questions of the reader's Measure. */
const MEASURE_QUERIES = 100;

/** What tests and benchmarks set otherwise than the application. */
export type EngineOptions = Pick<OpenIndexOptions, 'vectorBudget'> & {
  kernel?: KernelKind | undefined;
};

/** What the engine worker does: holds one open collection's vectors and searches them. No network. */
export class EngineApi {
  readonly #database: () => Promise<Database>;
  readonly #options: EngineOptions;
  #collection: CollectionId | undefined;
  #graph: GraphLink | undefined;
  #index: OpenIndex | undefined;
  #kernel: KernelKind = 'javascript';
  #shorter: number[] = [];
  #tuner: GraphTuner | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  #onChange = () => {};

  constructor(database: () => Promise<Database>, options: EngineOptions = {}) {
    this.#database = database;
    this.#options = options;
  }

  /**
   * Reads a collection's vectors. `hnswPort` leads to the graph worker (see `HnswApi.connectPort`);
   * without it every search is exact. Throws `StoreError` `collection-gone`.
   */
  async open(collection: CollectionId, hnswPort: MessagePort | null): Promise<EngineStatus> {
    this.#collection = collection;
    this.#index = undefined;
    const tuner: GraphTuner = new GraphTuner({
      database: this.#database,
      collection,
      index: () => (this.#tuner === tuner ? this.#index : undefined),
      graph: () => this.#graph,
      onChange: () => this.#onChange()
    });
    this.#tuner = tuner;
    this.#graph = hnswPort ? new GraphLink(hnswPort, () => tuner.tune()) : undefined;
    await tuner.load();
    return this.refresh();
  }

  /**
   * Reads the vectors and dead rows that are new since; those that can't be read are tried again by
   * the next refresh. Throws `StoreError`: `collection-gone`, and what reading throws.
   */
  refresh(): Promise<EngineStatus> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => {});
    return reading;
  }

  /**
   * The nearest live rows, with their fingerprints; see `Engine.search`. `onFirst` gets a provisional
   * answer where the final one has to read vectors.
   */
  async search(
    query: NeighbourQuery,
    onFirst?: (first: DrawnNeighbours) => void
  ): Promise<DrawnNeighbours> {
    const { engine } = this.#opened();
    const tellFirst = onFirst && ((first: Found) => onFirst(drawNeighbours(first)));
    return drawNeighbours(await engine.search(query, tellFirst));
  }

  /** Answers many questions at once; see `Engine.searchMany`. */
  async searchMany(
    query: BatchQuery,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal
  ): Promise<ManyNeighbours> {
    const found = await this.#opened().engine.searchMany(query, onProgress, signal);
    return transfer(found, [found.rows.buffer, found.similarities.buffer] as ArrayBuffer[]);
  }

  /** The vectors of rows, dead ones too: `rows.length × dimensions`; see `VectorTable.read`. */
  async vectors(rows: Uint32Array): Promise<Float32Array> {
    const vectors = await this.#opened().engine.table.read(rows);
    return transfer(vectors, [vectors.buffer]);
  }

  /** The rows nearest to a taste, and why; see {@link recommend}. */
  recommend(query: RecommendQuery): Promise<Recommended> {
    return recommend(this.#opened().engine, query);
  }

  /** How rows that were found otherwise lie to a question (L2-normalised), and how they are drawn. */
  async describe(question: Float32Array, rows: Uint32Array): Promise<DescribedRows> {
    const { table } = this.#opened().engine;
    const vectors = await table.read(rows);
    const similarities = Float32Array.from(rows, (_, n) =>
      similarityAt(vectors, n * table.dimensions, question)
    );
    return { similarities, ...drawVectors(vectors, table.dimensions) };
  }

  /** How similar rows are to each of some questions; see {@link compareEach}. */
  async similarities(
    questions: Float32Array,
    rows: Uint32Array,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal
  ): Promise<Float32Array> {
    const { table } = this.#opened().engine;
    const similarities = await compareEach(table, questions, rows, onProgress, signal);
    return transfer(similarities, [similarities.buffer]);
  }

  /** The mean of the vectors of each group of rows; see {@link groupMeans}. */
  async means(groups: Uint32Array[], signal: AbortSignal): Promise<Float32Array> {
    const means = await groupMeans(this.#opened().engine.table, groups, signal);
    return transfer(means, [means.buffer]);
  }

  /** How similar items of the collection are to each other; see {@link pairSimilarities}. */
  async pairs(): Promise<Float32Array> {
    const pairs = await pairSimilarities(this.#opened().engine.table);
    return transfer(pairs, [pairs.buffer]);
  }

  /** Resolves when nothing goes on behind the answers: reading, encoding, checking the graph. */
  async settled(): Promise<void> {
    await this.#reading;
    await this.#index?.tidied();
    await this.#tuner?.settled();
  }

  /** What the index is made of, now. */
  index(): IndexFacts {
    const { engine, storedBytes } = this.#opened();
    const { table, rows, dimensions } = engine;
    return {
      rows,
      dimensions,
      kernel: this.#kernel,
      memory: table.bytes,
      resident: table.resident,
      disk: storedBytes,
      settings: this.#tuner!.settings,
      tuning: engine.tuning,
      outlook: engine.outlook(Math.min(USUAL_K, rows))
    };
  }

  /** Calls `onChange` whenever {@link index} may tell something else, also after this has resolved. */
  watch(onChange: () => void): void {
    this.#onChange = onChange;
  }

  /**
   * Measures recall and time of every way to search on the collection's own vectors, keeps what it
   * found, and asks the graph by it from now on. Throws `CancelledError`.
   */
  async measure(onProgress: (share: number) => void, signal: AbortSignal): Promise<Measurement> {
    const { engine } = this.#opened();
    const options = { queries: MEASURE_QUERIES, truth: 'float32', signal } as const;
    const measured = await measure(engine, {
      ...options,
      onProgress: (share) => onProgress(0.8 * share)
    });
    const shortened = await measureShortened(engine.table, this.#shorter, loadKernel, signal);
    throwIfCancelled(signal);
    const measurement = { ...measured, shortened };
    await this.#tuner!.learn(() => measurement);
    return measurement;
  }

  /** Keeps how the collection's graph is to be built: so it is when it is built the next time. */
  async chooseGraph(choice: GraphChoice): Promise<void> {
    this.#opened();
    await this.#tuner!.chooseGraph(choice);
  }

  #opened(): OpenIndex {
    if (!this.#index) throw new IndexError('not-open', 'No collection is open in the engine.');
    return this.#index;
  }

  async #read(): Promise<EngineStatus> {
    if (!this.#collection) throw new IndexError('not-open', 'No collection is open in the engine.');
    const from = performance.now();
    const db = await this.#database();
    const source = await readIndexSource(db, this.#collection);
    let index = this.#index;
    if (index?.generation !== source.snapshot.generation) {
      const kernel = await loadKernel(this.#options.kernel);
      this.#kernel = kernel.kind;
      index = new OpenIndex(db, this.#collection, source, kernel, {
        graph: this.#graph,
        vectorBudget: this.#options.vectorBudget
      });
      this.#shorter = shorterChoices(source.model, source.dimensions);
    }
    try {
      await index.take(source);
    } finally {
      // What could be read is searched, though this fails; the next refresh reads the rest.
      this.#index = index;
      this.#tuner?.tune();
      void index.tidied().then(() => this.#onChange());
    }
    const { rows, dimensions } = index.engine;
    return { rows, dimensions, openMs: performance.now() - from };
  }
}

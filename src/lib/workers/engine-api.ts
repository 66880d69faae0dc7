import type { CollectionId } from '#lib/base/ids.ts';
import { IndexError, throwIfCancelled } from '#lib/base/errors.ts';
import { transfer } from '#lib/base/remote.ts';
import { fingerprint, FINGERPRINT_CELLS } from '#lib/base/vector.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { changeIndexSettings, getIndexSettings } from '#lib/collection/store/index-settings.ts';
import { shorterChoices } from '#lib/embedding/catalogue.ts';
import { compareEach, groupMeans } from '#lib/index/compare-each.ts';
import type { Found } from '#lib/index/engine.ts';
import type { KernelKind } from '#lib/index/kernel/kernel.ts';
import { loadKernel } from '#lib/index/kernel/load.ts';
import { measureShortened } from '#lib/index/measure-shortened.ts';
import { measure } from '#lib/index/measure.ts';
import { pairSimilarities } from '#lib/index/pair-similarities.ts';
import { DEFAULT_INDEX_SETTINGS, tuningFor, withMeasurement } from '#lib/index/tuning.ts';
import type {
  BatchQuery,
  GraphChoice,
  GraphStatus,
  GraphTuning,
  IndexSettings,
  ManyNeighbours,
  Measurement,
  NeighbourQuery,
  Neighbours,
  Plan
} from '#lib/index/types.ts';
import { GraphLink } from './graph-link.ts';
import { readIndexSource } from './index-source.ts';
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

/** Neighbours with what is needed to draw them: `rows.length × FINGERPRINT_CELLS`. */
export type DrawnNeighbours = Neighbours & { fingerprints: Int8Array };

/** Neighbours of a usual question. */
const USUAL_K = 20;
/** Questions of the reader's Measure. */
const MEASURE_QUERIES = 100;
/** Questions of the check after a graph was built, and rows from which a graph can pay at all. */
const CHECK_QUERIES = 40;
const CHECK_ROWS = 2000;

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
  #settings = DEFAULT_INDEX_SETTINGS;
  #reading: Promise<unknown> = Promise.resolve();
  #checking: Promise<void> | undefined;
  /** Whether a graph became ready while another one was being checked. */
  #checkAgain = false;
  /** Rows when a check last came to nothing. */
  #checkedRows = -1;
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
    this.#graph = hnswPort ? new GraphLink(hnswPort, () => this.#tune()) : undefined;
    const settings = await getIndexSettings(await this.#database(), collection);
    this.#settings = settings ?? DEFAULT_INDEX_SETTINGS;
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
    return draw(await engine.search(query, onFirst && ((first) => onFirst(draw(first)))));
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
    await this.#checking;
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
      settings: this.#settings,
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
    await this.#learn(() => measurement);
    return measurement;
  }

  /** Keeps how the collection's graph is to be built: so it is when it is built the next time. */
  async chooseGraph(choice: GraphChoice): Promise<void> {
    await this.#keep(({ fewestDimensions, ...settings }) => {
      // What another kind of graph found too few may be enough for this one.
      const same =
        settings.choice.M === choice.M && settings.choice.efConstruction === choice.efConstruction;
      return { ...settings, choice, ...(same && fewestDimensions && { fewestDimensions }) };
    });
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
      this.#tune();
      void index.tidied().then(() => this.#onChange());
    }
    const { rows, dimensions } = index.engine;
    return { rows, dimensions, openMs: performance.now() - from };
  }

  /** Changes what is kept, which another tab may have changed since it was read. */
  async #keep(change: (settings: IndexSettings) => IndexSettings): Promise<void> {
    const collection = this.#collection!;
    const kept = await changeIndexSettings(await this.#database(), collection, (settings) =>
      change(settings ?? DEFAULT_INDEX_SETTINGS)
    );
    if (collection === this.#collection) this.#settings = kept;
  }

  /** Asks the graph by what was measured; a graph that was never measured is checked first. */
  #tune(): void {
    const engine = this.#index?.engine;
    const status: GraphStatus | undefined = this.#graph?.status();
    if (!engine || !status) return;
    engine.tuning = tuningFor(this.#settings.measurement, status, engine.rows);
    this.#onChange();
    // Another graph is another chance.
    if (status.state !== 'ready') this.#checkedRows = -1;
    // A check that came to nothing would do so again, until there are other rows.
    if (engine.tuning || engine.rows < CHECK_ROWS || engine.rows === this.#checkedRows) return;
    if (!isWhole(status)) return;
    this.#checkAgain = this.#checking !== undefined;
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
      if (this.#checkAgain) this.#tune();
    });
  }

  /** Keeps a measurement in place of the last one, and goes by it. */
  async #learn(measured: (last: Measurement | null) => Measurement): Promise<void> {
    const { dimensions } = this.#opened().engine;
    await this.#keep((settings) =>
      withMeasurement(settings, measured(settings.measurement), dimensions)
    );
    const { choice, fewestDimensions = 0 } = this.#settings;
    const has = this.#graph?.status().graph?.dimensions ?? dimensions;
    if (choice.dimensions === 'automatic' && has < fewestDimensions) {
      this.#graph?.rebuild(
        `A graph on the first ${has} dimensions found too few, so it is built again on more.`
      );
    }
    // Not by what was measured alone: the graph may be another one by now.
    this.#tune();
  }

  /** A short measurement, so that Automatic knows whether the graph can be trusted. */
  async #check(): Promise<void> {
    try {
      const { engine } = this.#opened();
      await this.#index!.tidied();
      // It may have been let go meanwhile; what is ready next is checked then.
      if (!isWhole(engine.graph.status())) return;
      const truth = engine.table.resident ? 'float32' : 'int8';
      const measured = await measure(engine, { queries: CHECK_QUERIES, truth });
      // The reader may have measured meanwhile, and more thoroughly.
      if (this.#index?.engine !== engine || engine.tuning) return;
      if (!measured.tuning) this.#checkedRows = engine.rows;
      const status = engine.graph.status();
      await this.#learn((last) => {
        // Another tab's measurement may be the more thorough one, too.
        if (last && tuningFor(last, status, engine.rows)) return last;
        const shortened = last?.generation === measured.generation ? last.shortened : [];
        return { ...measured, shortened };
      });
    } catch {
      // The collection is gone or the graph is; Automatic stays exact.
    }
  }
}

/** Whether a graph has all rows that it is to have. */
function isWhole({ state, rows, total }: GraphStatus): boolean {
  return state === 'ready' && rows >= total;
}

/** Neighbours as they are drawn: with fingerprints in place of their vectors. */
function draw({ vectors, ...found }: Found): DrawnNeighbours {
  const count = found.rows.length;
  const dimensions = vectors.length / (count || 1);
  const fingerprints = new Int8Array(count * FINGERPRINT_CELLS);
  for (let n = 0; n < count; n++) {
    const vector = vectors.subarray(n * dimensions, (n + 1) * dimensions);
    fingerprints.set(fingerprint(vector), n * FINGERPRINT_CELLS);
  }
  const buffers = [found.rows.buffer, found.similarities.buffer, fingerprints.buffer];
  return transfer({ ...found, fingerprints }, buffers as ArrayBuffer[]);
}

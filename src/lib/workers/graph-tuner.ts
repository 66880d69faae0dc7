import type { CollectionId } from '#lib/base/ids.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { changeIndexSettings, getIndexSettings } from '#lib/collection/store/index-settings.ts';
import { measure } from '#lib/index/measure.ts';
import { DEFAULT_INDEX_SETTINGS, tuningFor, withMeasurement } from '#lib/index/tuning.ts';
import type { GraphChoice, GraphStatus, IndexSettings, Measurement } from '#lib/index/types.ts';
import type { GraphLink } from './graph-link.ts';
import type { OpenIndex } from './open-index.ts';

/** Questions of the check after a graph was built, and rows from which a graph can pay at all. */
const CHECK_QUERIES = 40;
const CHECK_ROWS = 2000;

/** What a tuner works on. */
export interface Tuned {
  database: () => Promise<Database>;
  collection: CollectionId;
  /** Undefined until the collection has been read, and when another one was opened. */
  index: () => OpenIndex | undefined;
  graph: () => GraphLink | undefined;
  onChange: () => void;
}

/** Keeps what was measured of a collection's graph, and has the graph asked by it. */
export class GraphTuner {
  readonly #tuned: Tuned;
  #settings = DEFAULT_INDEX_SETTINGS;
  #checking: Promise<void> | undefined;
  /** Whether a graph became ready while another one was being checked. */
  #checkAgain = false;
  /** Rows when a check last came to nothing. */
  #checkedRows = -1;

  constructor(tuned: Tuned) {
    this.#tuned = tuned;
  }

  /** What is kept of the collection's index. */
  get settings(): IndexSettings {
    return this.#settings;
  }

  /** Reads what is kept. */
  async load(): Promise<void> {
    const { database, collection } = this.#tuned;
    const settings = await getIndexSettings(await database(), collection);
    this.#settings = settings ?? DEFAULT_INDEX_SETTINGS;
  }

  /** Resolves when no check is going on. */
  async settled(): Promise<void> {
    await this.#checking;
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

  /** Asks the graph by what was measured; a graph that was never measured is checked first. */
  tune(): void {
    const engine = this.#tuned.index()?.engine;
    const status: GraphStatus | undefined = this.#tuned.graph()?.status();
    if (!engine || !status) return;
    engine.tuning = tuningFor(this.#settings.measurement, status, engine.rows);
    this.#tuned.onChange();
    // Another graph is another chance.
    if (status.state !== 'ready') this.#checkedRows = -1;
    // A check that came to nothing would do so again, until there are other rows.
    if (engine.tuning || engine.rows < CHECK_ROWS || engine.rows === this.#checkedRows) return;
    if (!isWhole(status)) return;
    this.#checkAgain = this.#checking !== undefined;
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
      if (this.#checkAgain) this.tune();
    });
  }

  /** Keeps a measurement in place of the last one, and goes by it. */
  async learn(measured: (last: Measurement | null) => Measurement): Promise<void> {
    const { engine } = this.#tuned.index() ?? {};
    if (!engine) return;
    const { dimensions } = engine;
    await this.#keep((settings) =>
      withMeasurement(settings, measured(settings.measurement), dimensions)
    );
    const { choice, fewestDimensions = 0 } = this.#settings;
    const has = this.#tuned.graph()?.status().graph?.dimensions ?? dimensions;
    if (choice.dimensions === 'automatic' && has < fewestDimensions) {
      this.#tuned
        .graph()
        ?.rebuild(
          `A graph on the first ${has} dimensions found too few, so it is built again on more.`
        );
    }
    // Not by what was measured alone: the graph may be another one by now.
    this.tune();
  }

  /** A short measurement, so that Automatic knows whether the graph can be trusted. */
  async #check(): Promise<void> {
    try {
      const index = this.#tuned.index()!;
      const { engine } = index;
      await index.tidied();
      // It may have been let go meanwhile; what is ready next is checked then.
      if (!isWhole(engine.graph.status())) return;
      const truth = engine.table.resident ? 'float32' : 'int8';
      const measured = await measure(engine, { queries: CHECK_QUERIES, truth });
      // The reader may have measured meanwhile, and more thoroughly.
      if (this.#tuned.index()?.engine !== engine || engine.tuning) return;
      if (!measured.tuning) this.#checkedRows = engine.rows;
      const status = engine.graph.status();
      await this.learn((last) => {
        // Another tab's measurement may be the more thorough one, too.
        if (last && tuningFor(last, status, engine.rows)) return last;
        const shortened = last?.generation === measured.generation ? last.shortened : [];
        return { ...measured, shortened };
      });
    } catch {
      // The collection is gone or the graph is; Automatic stays exact.
    }
  }

  /** Changes what is kept, which another tab may have changed since it was read. */
  async #keep(change: (settings: IndexSettings) => IndexSettings): Promise<void> {
    const { database, collection } = this.#tuned;
    this.#settings = await changeIndexSettings(await database(), collection, (settings) =>
      change(settings ?? DEFAULT_INDEX_SETTINGS)
    );
  }
}

/** Whether a graph has all rows that it is to have. */
function isWhole({ state, rows, total }: GraphStatus): boolean {
  return state === 'ready' && rows >= total;
}

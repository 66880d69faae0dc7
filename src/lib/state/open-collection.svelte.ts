import { onChange } from '#lib/base/changes.ts';
import {
  CancelledError,
  throwIfCancelled,
  toErrorData,
  type ErrorData,
  type SemblanceError
} from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { lasting, transfer, type Remote } from '#lib/base/remote.ts';
import type { Field } from '#lib/collection/types.ts';
import { keepOpen } from '#lib/base/open-lock.ts';
import { modelOfSpace } from '#lib/embedding/catalogue.ts';
import type { GraphChoice, GraphStatus, Measurement } from '#lib/index/types.ts';
import { connectGraph, embedder, items, makeEngine, makeTable } from '#lib/workers/clients.ts';
import type { EngineApi, IndexFacts } from '#lib/workers/engine-api.ts';
import type { GraphConnector } from '#lib/workers/graph-connector.ts';
import type { CollectionState, ItemWithText } from '#lib/workers/items-api.ts';
import type { TableApi } from '#lib/workers/table-api.ts';
import type { EmbeddedTexts } from '#lib/workers/text-vectors.ts';
import { ClassifySession } from './classify-session.svelte.ts';
import { ItemsSession } from './items-session.svelte.ts';
import { priceOf, type Price } from './price.ts';
import { RecommendSession } from './recommend-session.svelte.ts';
import { runs } from './runs.svelte.ts';
import { SearchSession } from './search-session.svelte.ts';
import { settings } from './settings.svelte.ts';

/** An engine's worker that died so often is started again only when it is asked for something. */
const MOST_DEATHS = 3;

/** The collection on the screen: its engine, graph and table workers live as long as it is open. */
export class OpenCollection {
  readonly id: CollectionId;
  /** Searches in it. */
  readonly search = new SearchSession(this);
  /** The list of its items. */
  readonly list = new ItemsSession(this);
  /** Its items sorted into classes. */
  readonly classify: ClassifySession;
  /** Recommendations from it. */
  readonly recommend: RecommendSession;
  #state = $state.raw<CollectionState | null>(null);
  #graph = $state.raw<GraphStatus>({ state: 'none', rows: 0, total: 0, origin: null });
  #indexChanges = $state(0);
  #changes = $state(0);
  #waitUntil = $state.raw<number | null>(null);
  #error = $state.raw<ErrorData | null>(null);
  /** What went wrong when the collection was last read. */
  #readFault: ErrorData | null = null;
  #deaths = 0;
  /** Texts that are being embedded just now, in so many calls. */
  #embedding = 0;
  #refreshing: Promise<void> | undefined;
  #stale = false;
  readonly #engineWorker = makeEngine();
  readonly #graphWorker: GraphConnector;
  readonly #tableWorker = makeTable();
  #tableOpened: Promise<void> | undefined;
  /** Whether the table has the items in memory. */
  #tableRead = false;
  /** Aborted when the collection is closed: no worker may be started after that. */
  readonly #closing = new AbortController();
  readonly #stopListening: () => void;
  #opened: Promise<void> | undefined;
  /** Rows keep their numbers as long as it is open, whatever other tabs do. */
  #kept: Promise<void> | undefined;

  constructor(id: CollectionId) {
    this.id = id;
    this.classify = new ClassifySession(this);
    this.recommend = new RecommendSession(this);
    this.#engineWorker.onDeath = (reason) => this.#lose(reason);
    this.#tableWorker.onDeath = () => this.#closeTable();
    this.#graphWorker = connectGraph(id, (status) => (this.#graph = status));
    this.#ready().catch((error: unknown) => this.#tellReading(error));
    this.#stopListening = onChange((change) => {
      if (change.kind === 'library' || change.collection === id) void this.refresh();
    });
  }

  /** The collection as it is kept; null until it has been read. */
  get state(): CollectionState | null {
    return this.#state;
  }
  /** The field shown as an item's heading; null also until the collection has been read. */
  get titleField(): string | null {
    return this.#state?.collection.titleField ?? null;
  }
  /** The fields of its items, with those that were predicted. */
  get fields(): Field[] {
    const { collection, predicted = [] } = this.#state ?? {};
    const shown = predicted.flatMap((name): Field[] => [
      { name, type: 'text' },
      { name: `${name} score`, type: 'number' }
    ]);
    return [...(collection?.fields ?? []), ...shown];
  }
  /** How an item becomes a text; empty until the collection has been read. */
  get template(): string {
    return this.#state?.collection.template ?? '';
  }
  /** Of its rows' numbers: they are others when it has been compacted. */
  get generation(): number {
    return this.#state?.collection.generation ?? 0;
  }
  get idField(): string | null {
    return this.#state?.collection.idField ?? null;
  }
  /** Whether there is no such collection on this device (any more). */
  get gone(): boolean {
    return this.#error?.code === 'collection-gone';
  }
  get graph(): GraphStatus {
    return this.#graph;
  }
  /** Rises whenever {@link indexFacts} may tell something else. */
  get indexChanges(): number {
    return this.#indexChanges;
  }
  /** Rises whenever items or their vectors have changed, and the workers know. */
  get changes(): number {
    return this.#changes;
  }
  /** Until when the endpoint asked for a pause (epoch milliseconds); null when it did not. */
  get waitUntil(): number | null {
    return this.#waitUntil;
  }
  get error(): ErrorData | null {
    return this.#error;
  }

  /** Resolves when the collection is open; opens it (again) when it is not. */
  #ready(): Promise<void> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #open(): Promise<void> {
    const { signal } = this.#closing;
    throwIfCancelled(signal);
    // Before anybody looks at its rows, and without anybody waiting for it to work out.
    await items.api.compact(this.id).catch(() => false);
    await (this.#kept ??= keepOpen(this.id, signal));
    this.#state = await items.api.collection(this.id);
    throwIfCancelled(signal);
    const port = this.#graphWorker.port();
    const engine = this.#engineWorker.api;
    await engine.open(this.id, transfer(port, [port])).catch(async (error: unknown) => {
      // What could be read is searched all the same; the next refresh reads the rest.
      await engine.index().catch(() => {
        throw error;
      });
      this.#tellReading(error);
    });
    throwIfCancelled(signal);
    await this.#engineWorker.api.watch(lasting(() => void this.#indexChanges++));
    throwIfCancelled(signal);
    // Nothing waits for the graph: without it, searches are exact.
    void this.#graphWorker.refresh();
  }

  /** The engine's worker died, and is started anew, at last when next asked; the graph's lives on. */
  #lose(reason: SemblanceError): void {
    this.#opened = undefined;
    this.#tellReading(reason);
    if (++this.#deaths < MOST_DEATHS) void this.refresh();
  }

  #tell(error: unknown): void {
    if (!(error instanceof CancelledError)) this.#error = toErrorData(error);
  }

  /** Tells what went wrong with reading the collection, until it has been read. */
  #tellReading(error: unknown): void {
    this.#tell(error);
    if (!(error instanceof CancelledError)) this.#readFault = this.#error;
  }

  /** Reads what changed in the store; calls during a reading lead to one more, not to many. */
  refresh(): Promise<void> {
    this.#stale = true;
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    try {
      await this.#ready();
      while (this.#stale) {
        this.#stale = false;
        const fault = this.#readFault;
        this.#state = await items.api.collection(this.id);
        throwIfCancelled(this.#closing.signal);
        await this.#engineWorker.api.refresh();
        // What could not be read before has been read now.
        if (fault && this.#error === fault) this.#error = null;
        await this.#refreshTable();
        this.#indexChanges++;
        this.#changes++;
        // The graph waits for a run's end: meanwhile the processor is better spent on embedding.
        if (!runs.of(this.id)?.running) await this.#graphWorker.refresh();
      }
    } catch (error) {
      this.#tellReading(error);
    }
  }

  /** The engine's worker, once the collection is open. Throws what opening throws. */
  async engine(): Promise<Remote<EngineApi>> {
    await this.#ready();
    return this.#engineWorker.api;
  }

  /** The table's worker, once it has read the items: it is started when first asked for. */
  async table(): Promise<Remote<TableApi>> {
    throwIfCancelled(this.#closing.signal);
    this.#tableOpened ??= this.#tableWorker.api.open(this.id).then(
      () => void (this.#tableRead = true),
      (error: unknown) => {
        this.#closeTable();
        throw error;
      }
    );
    await this.#tableOpened;
    return this.#tableWorker.api;
  }

  #closeTable(): void {
    this.#tableOpened = undefined;
    this.#tableRead = false;
  }

  /** Only where it was opened: who does not look at many items need not wait for them. */
  async #refreshTable(): Promise<void> {
    if (!this.#tableOpened) return;
    await this.#tableOpened;
    await this.#tableWorker.api.refresh();
  }

  /** Items by row with what was predicted for them, in the order asked; those that are gone are left out. */
  async items(rows: Uint32Array): Promise<ItemWithText[]> {
    // Where all are in memory, no block of them is read for each; and only there is what was predicted.
    if (this.#tableRead || this.#state?.predicted.length) return (await this.table()).cells(rows);
    return items.api.items(this.id, rows);
  }

  /** The vectors of texts in the collection's space: kept ones, the rest bought. */
  async embed(texts: string[], signal: AbortSignal): Promise<EmbeddedTexts> {
    await this.#ready();
    await settings.connect();
    const { space } = this.#state!.collection;
    const onWait = (until: number | null) => {
      if (!signal.aborted) this.#waitUntil = until;
    };
    this.#embedding++;
    try {
      return await embedder.api.embedTexts(texts, space, signal, onWait);
    } finally {
      if (--this.#embedding === 0) this.#waitUntil = null;
    }
  }

  /** What {@link embed} would take for texts. */
  async price(texts: string[]): Promise<Price> {
    await this.#ready();
    const { space } = this.#state!.collection;
    // The tokeniser is not loaded for what is free.
    const free = modelOfSpace(space).usdPerMillionTokens === 0;
    return priceOf(free ? 0 : await embedder.api.tokensToBuy(texts, space), space);
  }

  /** What the index is made of, now. */
  async indexFacts(): Promise<IndexFacts> {
    await this.#ready();
    return this.#engineWorker.api.index();
  }

  /**
   * Measures every way to search on the collection's own vectors; `onProgress` hears a share from 0 to
   * 1. What it finds is kept and used. Throws `CancelledError`.
   */
  async measure(onProgress: (share: number) => void, signal: AbortSignal): Promise<Measurement> {
    await this.#ready();
    return this.#engineWorker.api.measure(onProgress, signal);
  }

  /** Keeps how the graph is to be made and starts to build it so; search is exact meanwhile. */
  async rebuild(choice: GraphChoice): Promise<void> {
    await this.#ready();
    await this.#engineWorker.api.chooseGraph(choice);
    await this.#graphWorker.rebuild();
  }

  /** Ends the workers; nothing can be asked afterwards. */
  close(): void {
    this.#closing.abort();
    this.search.cancel();
    this.classify.cancel();
    this.recommend.cancel();
    this.#stopListening();
    this.#engineWorker.end();
    this.#tableWorker.end();
    this.#graphWorker.end();
  }
}

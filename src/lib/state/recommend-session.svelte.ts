import { CancelledError, throwIfCancelled, toErrorData, type ErrorData } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import type { Filter } from '#lib/collection/filter/types.ts';
import { joinResults, type SearchResult } from '#lib/tasks/search.ts';
import { Filtering } from './filtering.svelte.ts';
import { RESULTS } from './search-request.ts';
import {
  buyTexts,
  merged,
  readHistory,
  recallTastes,
  rememberTastes,
  vectorsOf,
  type HistoryReading,
  type Recommending,
  TextVectors,
  type Taste
} from './tastes.ts';

/** A recommendation, and the like that speaks most for it. */
export type Recommendation = SearchResult & {
  because: { title: string; share: number } | null;
};

/** What is liked and disliked in an open collection, and what is recommended for it. */
export class RecommendSession {
  readonly #collection: Recommending;
  readonly filtering: Filtering;
  #tastes = $state.raw<readonly Taste[]>([]);
  #diversity = $state(0);
  #k = $state(RESULTS);
  #filter: Filter | null = null;
  #results = $state.raw<readonly Recommendation[] | null>(null);
  #cells = $state.raw<Int8Array | null>(null);
  #seen = $state(0);
  #busy = $state(false);
  #error = $state.raw<ErrorData | null>(null);
  #running: AbortController | undefined;
  #beforeHistory: readonly Taste[] = [];
  /** Calls off what is being bought; other changes of the taste do not. */
  #buying = new AbortController();
  #purchase: Promise<void> | undefined;
  #changes = -1;
  /** Vectors of the history's texts: what was bought once is not asked for again by every change. */
  readonly #bought = new TextVectors();

  constructor(collection: Recommending) {
    this.#collection = collection;
    this.filtering = new Filtering(collection);
    this.#tastes = recallTastes(collection.id);
  }

  get tastes(): readonly Taste[] {
    return this.#tastes;
  }
  get diversity(): number {
    return this.#diversity;
  }
  /** Null while nothing is liked. */
  get results(): readonly Recommendation[] | null {
    return this.#results;
  }
  /** Fingerprint of the taste. */
  get cells(): Int8Array | null {
    return this.#cells;
  }
  /** Items that are not recommended, since they were seen. */
  get seen(): number {
    return this.#seen;
  }
  /** Whether there may be more results. */
  get more(): boolean {
    return (this.#results?.length ?? 0) >= this.#k;
  }
  get busy(): boolean {
    return this.#busy;
  }
  get error(): ErrorData | null {
    return this.#error;
  }

  /** Likes or dislikes an item; one that was rated already changes sides. */
  rate(id: string, title: string, liked: boolean): Promise<void> {
    const others = this.#tastes.filter((taste) => taste.id !== id);
    const taste = { key: `item ${id}`, title, liked, weight: 1, id, text: null };
    return this.#set([...others, taste]);
  }

  /** Moves a taste to the other side. */
  turn(key: string): Promise<void> {
    return this.#change(key, (taste) => ({ ...taste, liked: !taste.liked }));
  }

  /** Says how much a taste counts. */
  weigh(key: string, weight: number): Promise<void> {
    return this.#change(key, (taste) => ({ ...taste, weight }));
  }

  remove(key: string): Promise<void> {
    return this.#set(this.#tastes.filter((taste) => taste.key !== key));
  }

  /** Likes and dislikes nothing. */
  clear(): Promise<void> {
    this.#buying.abort();
    return this.#set([]);
  }

  setDiversity(diversity: number): Promise<void> {
    this.#diversity = diversity;
    return this.refresh();
  }

  setFilter(filter: Filter | null): Promise<void> {
    this.#filter = filter;
    return this.refresh();
  }

  showMore(): Promise<void> {
    this.#k += RESULTS;
    return this.refresh();
  }

  /** Reads a file or text of records as likes, see {@link readHistory}; nothing is bought. */
  readHistory(name: string, blob: Blob, signal: AbortSignal): Promise<HistoryReading> {
    return readHistory(this.#collection, name, blob, signal);
  }

  /** Likes what a history holds; embeds what is not in the collection. */
  addHistory({ tastes }: HistoryReading): Promise<void> {
    this.#beforeHistory = this.#tastes;
    return this.#set(merged(this.#tastes, tastes));
  }

  /** Takes the last history back; what is being embedded for it is called off. */
  takeBackHistory(): Promise<void> {
    this.#buying.abort();
    return this.#set(this.#beforeHistory);
  }

  /** Ends what is going on. */
  cancel(): void {
    this.#buying.abort();
    this.#running?.abort();
  }

  /** Recommends again when items have changed since, and what was liked before a reload. */
  async follow(): Promise<void> {
    const isNew = this.#changes === -1 && this.#tastes.length > 0 && !this.#busy;
    const isOld = this.#results !== null && this.#changes !== this.#collection.changes;
    if (isNew || isOld) await this.refresh();
  }

  /** Finds what is recommended now; a later call takes this one's place. */
  async refresh(): Promise<void> {
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.#error = null;
    if (!this.#tastes.some(({ liked }) => liked)) {
      await this.filtering.use(this.#filter).catch(() => {});
      this.#results = this.#cells = null;
      this.#busy = false;
      return;
    }
    this.#busy = true;
    try {
      await this.#recommend(running.signal);
    } catch (error) {
      if (this.#running !== running) return;
      this.#results = this.#cells = null;
      if (!(error instanceof CancelledError)) this.#error = toErrorData(error);
    } finally {
      if (this.#running === running) this.#busy = false;
    }
  }

  async #recommend(signal: AbortSignal): Promise<void> {
    const tastes = this.#tastes;
    const engine = await this.#collection.engine();
    this.#changes = this.#collection.changes;
    await this.#buy(tastes);
    throwIfCancelled(signal);
    const { vectors, weights, seen } = await vectorsOf(this.#collection, tastes, this.#bought);
    const allowed = await this.#allowed(seen);
    throwIfCancelled(signal);
    if (!weights.some((weight) => weight > 0)) {
      this.#results = this.#cells = null;
      return;
    }
    const { found, because, cells } = await engine.recommend({
      vectors,
      weights,
      k: this.#k,
      diversity: this.#diversity,
      allowed,
      method: 'automatic'
    });
    const items = await this.#collection.items(found.rows);
    throwIfCancelled(signal);
    // Alike or not, each stands for itself here: the slider decides.
    const apart = { ...found, repeats: found.repeats.map(() => -1) };
    this.#results = joinResults(apart, items, this.#collection.titleField).map((result) => {
      const reason = because[found.rows.indexOf(result.row)];
      const main = reason && { title: tastes[reason.liked]!.title, share: reason.share };
      return { ...result, because: main ?? null };
    });
    this.#cells = cells;
    this.#seen = seen.length;
  }

  /** Buys what tastes lack, one purchase after the other: a later taste waits for the one under way. */
  async #buy(tastes: readonly Taste[]): Promise<void> {
    await this.#purchase?.catch(() => {});
    if (this.#buying.signal.aborted) this.#buying = new AbortController();
    const purchase = buyTexts(this.#collection, tastes, this.#bought, this.#buying.signal);
    this.#purchase = purchase;
    await purchase;
  }

  /** Rows that may be recommended: those that the filter means, but for what was seen. */
  async #allowed(seen: Row[]): Promise<Uint8Array> {
    const bits = await this.filtering.use(this.#filter);
    const table = await this.#collection.table();
    const allowed = bits?.slice() ?? (await table.filter(null)).bits;
    for (const row of seen) allowed[row >> 3]! &= ~(1 << (row & 7));
    return allowed;
  }

  #change(key: string, change: (taste: Taste) => Taste): Promise<void> {
    return this.#set(this.#tastes.map((taste) => (taste.key === key ? change(taste) : taste)));
  }

  #set(tastes: readonly Taste[]): Promise<void> {
    this.#tastes = tastes;
    this.#k = RESULTS;
    rememberTastes(this.#collection.id, tastes);
    return this.refresh();
  }
}

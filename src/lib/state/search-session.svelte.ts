import {
  CancelledError,
  SemblanceError,
  throwIfCancelled,
  toErrorData,
  type ErrorData
} from '#lib/base/errors.ts';
import type { Remote } from '#lib/base/remote.ts';
import { inContext } from '#lib/tasks/in-context.ts';
import type { EngineApi } from '#lib/workers/engine-api.ts';
import type { ItemWithText } from '#lib/workers/items-api.ts';
import type { TableApi } from '#lib/workers/table-api.ts';
import type { EmbeddedTexts } from '#lib/workers/text-vectors.ts';
import {
  answerTo,
  DEEPER,
  type Answer,
  type Inquiry,
  type KeywordRows,
  type Sources
} from './answer.ts';
import { Filtering } from './filtering.svelte.ts';
import { asksSomething, NO_REQUEST, type SearchRequest } from './search-request.ts';

/** The open collection, as searches need it. */
export interface Searched {
  engine(): Promise<Remote<EngineApi>>;
  table(): Promise<Remote<TableApi>>;
  embed(texts: string[], signal: AbortSignal): Promise<EmbeddedTexts>;
  items(rows: Uint32Array): Promise<ItemWithText[]>;
  readonly titleField: string | null;
  /** Rises whenever its items have changed. */
  readonly changes: number;
}

/** A question that has its vector. */
type Question = Pick<Inquiry, 'question' | 'vector' | 'embedMs' | 'cached' | 'row'>;

/**
 * Searches in an open collection, which overtake each other: only the last request's answers are shown.
 */
export class SearchSession {
  readonly #collection: Searched;
  /** Which items may be found. */
  readonly filtering: Filtering;
  #request = $state.raw<SearchRequest>(NO_REQUEST);
  #answers = $state.raw<readonly (Answer | null)[]>([]);
  #busy = $state(false);
  #wordsRead = $state<number | null>(null);
  #error = $state.raw<ErrorData | null>(null);
  #running: AbortController | undefined;
  #pairs = $state.raw<Float32Array>(new Float32Array(0));
  /** The state of the items that the pairs are of. */
  #pairsOf = -1;

  constructor(collection: Searched) {
    this.#collection = collection;
    this.filtering = new Filtering(collection);
  }

  /** What was asked last. */
  get request(): SearchRequest {
    return this.#request;
  }
  /** An answer for each question, in their order; null while one is awaited. */
  get answers(): readonly (Answer | null)[] {
    return this.#answers;
  }
  get busy(): boolean {
    return this.#busy;
  }
  /** The share of items whose words have been read, from 0 to 1, while that goes on; else null. */
  get wordsRead(): number | null {
    return this.#wordsRead;
  }
  get error(): ErrorData | null {
    return this.#error;
  }

  /** Where a similarity lies among those of the collection's pairs, in words; see `inContext`. */
  inContext(similarity: number): string | null {
    return inContext(this.#pairs, similarity);
  }

  /** Finds the items nearest to each question, or to an item; a later request takes this one's place. */
  async ask(request: SearchRequest): Promise<void> {
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.#request = request;
    this.#error = null;
    this.#busy = asksSomething(request);
    if (!this.#busy) {
      this.#answers = [];
      // What it would mean is told before anything is asked.
      await this.filtering.use(request.filter).catch(() => {});
      return;
    }
    const askedAt = performance.now();
    const { signal } = running;
    try {
      const filtering = this.filtering.use(request.filter);
      const ranking = this.#rankings(request, filtering);
      const [questions, sources, allowed] = await Promise.all([
        this.#questions(request, signal),
        this.#sources(),
        filtering
      ]);
      throwIfCancelled(signal);
      let fresh: readonly (Answer | null)[] = questions.map(() => null);
      const show = (n: number, answer: Answer) => {
        if (this.#running === running) this.#answers = fresh = fresh.with(n, answer);
      };
      const { method, k, keywords } = request;
      const { titleField } = this.#collection;
      await Promise.all(
        questions.map(async (question, n) => {
          const onFirst = (first: Answer) => show(n, first);
          const how = { askedAt, method, k, keywords, allowed, titleField, signal, onFirst };
          show(n, await answerTo({ ...question, ...how, byWords: ranking[n] }, sources));
        })
      );
      // Answers need not wait for it, nor go when it fails.
      this.#readPairs().catch(() => {});
    } catch (error) {
      if (this.#running !== running) return;
      // The last answers are not this request's.
      this.#answers = [];
      if (!(error instanceof CancelledError)) this.#error = toErrorData(error);
    } finally {
      if (this.#running === running) this.#busy = false;
    }
  }

  /** Ends what is going on. */
  cancel(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#busy = false;
  }

  /** Similarities of the collection's pairs, once for each state of its items. */
  async #readPairs(): Promise<void> {
    const { changes } = this.#collection;
    if (this.#pairsOf === changes) return;
    const engine = await this.#collection.engine();
    this.#pairs = await engine.pairs();
    this.#pairsOf = changes;
  }

  async #questions(request: SearchRequest, signal: AbortSignal): Promise<Question[]> {
    if (request.item !== null) return [await this.#itemQuestion(request.item)];
    const { questions } = request;
    const { vectors, cached, ms } = await this.#collection.embed(questions, signal);
    const dimensions = vectors.length / questions.length;
    const took = { embedMs: ms, cached: cached === questions.length };
    return questions.map((question, n) => {
      const vector = vectors.slice(n * dimensions, (n + 1) * dimensions);
      return { question, vector, ...took };
    });
  }

  /** What each question finds by words, where that counts: begun at once, while it is embedded. */
  #rankings(
    { questions, keywords, k }: SearchRequest,
    filtering: Promise<Uint8Array | undefined>
  ): Promise<KeywordRows>[] {
    if (keywords === 0) return [];
    const onProgress = (done: number, total: number) => {
      this.#wordsRead = done < total ? done / total : null;
    };
    return questions.map((question) => {
      const ranking = Promise.all([this.#collection.table(), filtering]).then(([table, allowed]) =>
        table.keywords(question, k * DEEPER + 1, allowed, onProgress)
      );
      // Who waits for it hears of it; nobody may, when embedding fails.
      ranking.catch(() => {}).finally(() => (this.#wordsRead = null));
      return ranking;
    });
  }

  async #itemQuestion(id: string): Promise<Question> {
    const table = await this.#collection.table();
    const [row = null] = await table.liveRowsOf([id]);
    const [item] = row === null ? [] : await table.cells(Uint32Array.of(row));
    if (!item) throw noSuchItem(id);
    const engine = await this.#collection.engine();
    const vector = await engine.vectors(Uint32Array.of(item.row));
    return { question: item.title, vector, row: item.row, embedMs: 0, cached: true };
  }

  async #sources(): Promise<Sources> {
    const engine = await this.#collection.engine();
    return {
      search: (query, onFirst) => engine.search(query, onFirst),
      describe: (question, rows) => engine.describe(question, rows),
      items: (rows) => this.#collection.items(rows)
    };
  }
}

function noSuchItem(id: string): SemblanceError {
  return new SemblanceError(
    'no-such-item',
    `There is no item “${id}” with a vector in this collection.`,
    'It may have been deleted, or wait for its vector. Ask a question instead.'
  );
}

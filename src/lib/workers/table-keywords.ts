import type { CollectionId } from '#lib/base/ids.ts';
import { makeBreather } from '#lib/base/breathe.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { getKeywords, keepKeywords } from '#lib/collection/store/keywords.ts';
import { KeywordIndex, type KeywordHits } from '#lib/collection/keyword/keyword-index.ts';
import type { ItemTable } from '#lib/collection/table/item-table.ts';

/** Rows taken in without a pause: some milliseconds. */
const TOGETHER = 200;
/** Smaller indexes are made sooner than they are read. */
const WORTH_KEEPING = 5000;

/** The keyword index of an open collection: loaded or made when it is first asked, then caught up. */
export class TableKeywords {
  readonly #database: () => Promise<Database>;
  readonly #collection: CollectionId;
  #index: KeywordIndex | undefined;
  /** What the index was made of: other rows, or another template, want another index. */
  #madeOf = '';
  #working: Promise<unknown> = Promise.resolve();

  constructor(database: () => Promise<Database>, collection: CollectionId) {
    this.#database = database;
    this.#collection = collection;
  }

  /**
   * The `k` allowed rows (a bitmap) that rank best for the words of a question. `onProgress` hears how
   * many rows of how many are taken in, when the index has to be made first.
   */
  search(
    table: ItemTable,
    question: string,
    k: number,
    allowed: Uint8Array,
    onProgress?: (done: number, total: number) => void
  ): Promise<KeywordHits> {
    const searching = this.#working.then(async () => {
      const index = await this.#caughtUp(table, onProgress);
      return index.search(question, k, allowed);
    });
    // What failed once is made anew.
    this.#working = searching.catch(() => this.close());
    return searching;
  }

  /** Gives its memory back. */
  close(): void {
    this.#index?.close();
    this.#index = undefined;
  }

  async #caughtUp(
    table: ItemTable,
    onProgress: (done: number, total: number) => void = () => {}
  ): Promise<KeywordIndex> {
    const { generation, template } = table.collection;
    const madeOf = JSON.stringify([generation, template]);
    if (this.#madeOf !== madeOf) this.close();
    this.#madeOf = madeOf;
    const index = (this.#index ??= await this.#load(madeOf));
    const from = index.size;
    if (from >= table.size) return index;
    const breathe = makeBreather();
    for (let row = from; row < table.size; row += TOGETHER) {
      const end = Math.min(row + TOGETHER, table.size);
      index.add(textsOf(table, row, end), end);
      onProgress(end - from, table.size - from);
      await breathe();
    }
    if (table.size - from >= WORTH_KEEPING) await this.#keep(index, madeOf);
    return index;
  }

  async #load(madeOf: string): Promise<KeywordIndex> {
    const kept = await getKeywords(await this.#database(), this.#collection, madeOf);
    try {
      if (kept) return await KeywordIndex.load(kept.bytes);
    } catch {
      // A cache that can't be read is made again.
    }
    return KeywordIndex.create();
  }

  /** Kept where there is room for it: it can be made again. */
  async #keep(index: KeywordIndex, madeOf: string): Promise<void> {
    index.optimise();
    const kept = { madeOf, bytes: index.serialise() };
    await keepKeywords(await this.#database(), this.#collection, kept).catch(() => {});
  }
}

function* textsOf(table: ItemTable, from: number, to: number) {
  for (let row = from; row < to; row++) {
    // Dead rows too: an undo may bring them back.
    if (table.item(row)) yield { row, text: table.text(row) };
  }
}

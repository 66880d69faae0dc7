import { toErrorData, type ErrorData } from '#lib/base/errors.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import type { Filter } from '#lib/collection/filter/types.ts';
import type { ItemEdit } from '#lib/collection/store/staging.ts';
import type { Sorting } from '#lib/collection/table/sort-rows.ts';
import type { Fields } from '#lib/collection/types.ts';
import type { ItemCells, TableView } from '#lib/workers/table-api.ts';
import type { EditPreview } from '#lib/workers/table-edits.ts';
import { Filtering } from './filtering.svelte.ts';
import { CellCache } from './cell-cache.ts';
import { runs } from './runs.svelte.ts';
import type { Searched } from './search-session.svelte.ts';

/** The open collection, as the list of its items needs it. */
export interface Listed extends Searched {
  readonly id: CollectionId;
}

/** An edit of this tab that can be undone. */
interface Undoable {
  edit: ItemEdit;
  /** What it did, such as `Deleted “Tent”`. */
  words: string;
}

/** The list of an open collection's items, and their edits. */
export class ItemsSession {
  readonly #collection: Listed;
  readonly filtering: Filtering;
  readonly #cells: CellCache;
  #filter: Filter | null = null;
  #words = $state('');
  #sorting = $state.raw<Sorting | null>(null);
  #view = $state.raw<TableView | null>(null);
  /** Rises whenever cells have been read. */
  #read = $state(0);
  #undos = $state.raw<readonly Undoable[]>([]);
  #told = $state('');
  #busy = $state(false);
  #error = $state.raw<ErrorData | null>(null);
  #asked = 0;

  constructor(collection: Listed) {
    this.#collection = collection;
    this.filtering = new Filtering(collection);
    this.#cells = new CellCache(async (rows) => (await collection.table()).cells(rows));
  }

  /** Null until the items have been read. */
  get view(): TableView | null {
    return this.#view;
  }
  get words(): string {
    return this.#words;
  }
  get sorting(): Sorting | null {
    return this.#sorting;
  }
  get busy(): boolean {
    return this.#busy;
  }
  get error(): ErrorData | null {
    return this.#error;
  }
  /** What Undo would undo; null when there is nothing. */
  get undoable(): string | null {
    return this.#undos.at(-1)?.words ?? null;
  }
  /** What was done last. */
  get told(): string {
    return this.#told;
  }

  /** The item at a place of the list; undefined while it is being read. */
  at(place: number): ItemCells | undefined {
    void this.#read;
    const row = this.#view?.rows[place];
    return row === undefined ? undefined : this.#cells.get(row);
  }

  /** Reads the items at some places of the list. */
  async load(from: number, to: number): Promise<void> {
    const rows = this.#view?.rows.subarray(Math.max(0, from), to);
    if (rows && (await this.#cells.load(rows))) this.#read++;
  }

  setFilter(filter: Filter | null): Promise<void> {
    this.#filter = filter;
    return this.refresh();
  }

  setWords(words: string): Promise<void> {
    this.#words = words;
    return this.refresh();
  }

  /** Sorts by a field: rising, then falling, then not at all. */
  sortBy(field: string): Promise<void> {
    const last = this.#sorting?.field === field ? this.#sorting : null;
    if (!last) this.#sorting = { field, descending: false };
    else this.#sorting = last.descending ? null : { field, descending: true };
    return this.refresh();
  }

  /** Lists the items as they are now; a later call takes this one's place. */
  async refresh(): Promise<void> {
    const turn = ++this.#asked;
    this.#busy = true;
    this.#error = null;
    try {
      const table = await this.#collection.table();
      const [filter, words, sorting] = [this.#filter, this.#words, this.#sorting];
      await this.filtering.use(filter);
      if (turn !== this.#asked) return;
      const view = await table.view({ filter, words, sorting });
      if (turn !== this.#asked) return;
      if (view.generation === this.#view?.generation) this.#cells.age();
      else this.#cells.clear();
      this.#view = view;
    } catch (error) {
      if (turn === this.#asked) this.#error = toErrorData(error);
    } finally {
      if (turn === this.#asked) this.#busy = false;
    }
  }

  /** What saving would take. */
  async preview(row: Row | null, fields: Fields): Promise<EditPreview> {
    return (await this.#collection.table()).previewEdit(row, fields);
  }

  /**
   * Saves an item, and embeds it where its text is new; a new one takes the place of the one with its id
   * when that is wanted. Throws `StoreError`: see `TableEdits.save`.
   */
  async save(
    row: Row | null,
    id: string,
    fields: Fields,
    { title, replace }: { title: string; replace: boolean }
  ): Promise<void> {
    const table = await this.#collection.table();
    const { edit, pending } = await table.saveItem(row, id, fields, replace);
    if (!edit) {
      this.#told = `“${title}” is as it was.`;
      return;
    }
    const done = row !== null ? 'Changed' : replace ? 'Replaced' : 'Added';
    this.#note(edit, `${done} “${title}”`);
    if (pending) void runs.start(this.#collection.id);
    await this.refresh();
  }

  /** Deletes an item; it can be undone. */
  async remove({ row, title }: ItemCells): Promise<void> {
    await this.#try(async () => {
      const table = await this.#collection.table();
      this.#note(await table.removeItems([row]), `Deleted “${title}”`);
    });
  }

  /** Undoes the last edit of this tab that has not been undone. */
  async undo(): Promise<void> {
    const last = this.#undos.at(-1);
    if (!last) return;
    this.#undos = this.#undos.slice(0, -1);
    await this.#try(async () => {
      const table = await this.#collection.table();
      const pending = await table.undo(last.edit).catch((error: unknown) => {
        // Only what was changed since can never be undone.
        if (toErrorData(error).code !== 'changed-meanwhile') this.#undos = [...this.#undos, last];
        throw error;
      });
      this.#told = `Undone: ${last.words}.`;
      if (pending) void runs.start(this.#collection.id);
    });
  }

  /** Lists what was pasted; it can be undone. */
  async pasted(edit: ItemEdit, words: string): Promise<void> {
    this.#note(edit, words);
    await this.refresh();
  }

  #note(edit: ItemEdit, words: string): void {
    this.#undos = [...this.#undos, { edit, words }];
    this.#told = `${words}.`;
  }

  async #try(doing: () => Promise<void>): Promise<void> {
    try {
      await doing();
      await this.refresh();
    } catch (error) {
      this.#error = toErrorData(error);
    }
  }
}

import { makeAnnouncer } from '#lib/base/changes.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import { SemblanceError } from '#lib/base/errors.ts';
import { hashKey, hashText } from '#lib/base/hash.ts';
import { transfer } from '#lib/base/remote.ts';
import type { Filter } from '#lib/collection/filter/types.ts';
import type { KeywordHits } from '#lib/collection/keyword/keyword-index.ts';
import type { Database } from '#lib/collection/store/database.ts';
import {
  deletePredictions,
  getExamples,
  saveExamples,
  savePredictions
} from '#lib/collection/store/predictions.ts';
import type { Examples, Predictions } from '#lib/collection/store/schema.ts';
import { fieldValues, type FieldValues } from '#lib/collection/table/field-values.ts';
import type { ItemEdit } from '#lib/collection/store/staging.ts';
import type { ItemTable } from '#lib/collection/table/item-table.ts';
import { intersect } from '#lib/index/bitmap.ts';
import type { Fields, Passage } from '#lib/collection/types.ts';
import { titleOf } from '#lib/tasks/search.ts';
import { readTable } from './read-table.ts';
import { RegexRunner } from './regex-runner.ts';
import { filterTable, type FilteredRows, type RegexAnswers } from './table-filter.ts';
import { TableEdits, type EditPreview, type SavedItem } from './table-edits.ts';
import { TableKeywords } from './table-keywords.ts';
import { TableList, type ListQuery } from './table-list.ts';

/** An item as pages show it. */
export interface ItemCells {
  row: Row;
  id: string;
  title: string;
  fields: Fields;
  /** What is embedded. */
  text: string;
  passage?: Passage;
  /** It waits for its vector. */
  pending: boolean;
}

/** An item as lists name it. */
export interface ItemName {
  row: Row;
  id: string;
  title: string;
}

/** The rows of the items that are listed, in order, of so many in all. */
export interface TableView {
  rows: Uint32Array;
  total: number;
  /** Of the rows' numbers. */
  generation: number;
}

/** Distinct values of a field that are counted, unless more are asked for. */
const MOST_VALUES = 500;

/**
 * What the table worker does: holds the items of one open collection in memory, and answers what
 * reads many of them at once. No network.
 */
export class TableApi {
  readonly #database: () => Promise<Database>;
  #collection: CollectionId | undefined;
  #table: ItemTable | undefined;
  readonly #announce = makeAnnouncer();
  #keywords: TableKeywords | undefined;
  #edits: TableEdits | undefined;
  readonly #regexes = new RegexRunner();
  #regexAnswers: RegexAnswers = new Map();
  /** Stamp of the table that they are of. */
  #regexAnswersOf = '';
  readonly #list = new TableList();
  #reading: Promise<unknown> = Promise.resolve();

  constructor(database: () => Promise<Database>) {
    this.#database = database;
  }

  /** Reads a collection's items; throws `StoreError` `collection-gone`. */
  async open(
    collection: CollectionId,
    onProgress?: (read: Row, total: Row) => void
  ): Promise<void> {
    this.#collection = collection;
    this.#table = undefined;
    this.#keywords?.close();
    this.#keywords = new TableKeywords(this.#database, collection);
    this.#edits = new TableEdits(this.#database, collection, async () => {
      await this.refresh();
      return this.#opened();
    });
    await this.refresh(onProgress);
  }

  /** Reads what is new since. Throws `StoreError`: `collection-gone`, and what reading throws. */
  refresh(onProgress?: (read: Row, total: Row) => void): Promise<void> {
    const reading = this.#reading.then(async () => {
      const db = await this.#database();
      this.#table = await readTable(db, this.#collection!, this.#table, onProgress);
    });
    this.#reading = reading.catch(() => {});
    return reading;
  }

  /** Rows that can be found, rising. */
  rows(): Uint32Array {
    const rows = this.#opened().liveRows();
    return transfer(rows, [rows.buffer]);
  }

  /** Items by row, in the order asked; rows without an item that is alive are left out. */
  cells(rows: Uint32Array): ItemCells[] {
    const table = this.#opened();
    return [...rows].flatMap((row) => (table.has(row) ? [cellsOf(table, row)] : []));
  }

  /** For each text, a findable row that was embedded as it; null where there is none. */
  rowsOfTexts(texts: string[]): (Row | null)[] {
    const table = this.#opened();
    const byHash = new Map<string, Row>();
    for (const row of table.liveRows()) byHash.set(table.item(row)!.textHash, row);
    return texts.map((text) => byHash.get(hashKey(hashText(text))) ?? null);
  }

  /** For each id, the row that can be found, see {@link ItemTable.liveRowOf}; null where there is none. */
  liveRowsOf(ids: string[]): (Row | null)[] {
    const table = this.#opened();
    return ids.map((id) => table.liveRowOf(id) ?? null);
  }

  /** For each id, its newest row that is not deleted; null where there is none. */
  rowsOf(ids: string[]): (Row | null)[] {
    const table = this.#opened();
    return ids.map((id) => table.rowOf(id) ?? null);
  }

  /**
   * Which rows that can be found a filter means. Throws `FilterError` `regex-too-slow`, and
   * `CancelledError` when the signal is aborted.
   */
  async filter(filter: Filter | null, signal?: AbortSignal): Promise<FilteredRows> {
    const table = this.#opened();
    const found = await this.#decide(table, filter, table.liveRows(), signal);
    return transfer(found, [found.bits.buffer]);
  }

  /**
   * The `k` findable rows that rank best for the words of a question, of those in a bitmap where one is
   * given. The index is made when it is first asked: `onProgress` hears how many rows of how many.
   */
  async keywords(
    question: string,
    k: number,
    allowed?: Uint8Array,
    onProgress?: (done: number, total: number) => void
  ): Promise<KeywordHits> {
    const table = this.#opened();
    const live = table.liveBits();
    const bits = allowed ? intersect(live, allowed) : live;
    const hits = await this.#keywords!.search(table, question, k, bits, onProgress);
    return transfer(hits, [hits.rows.buffer, hits.scores.buffer]);
  }

  /** The items that a query lists, in order; see {@link TableList.rows}. */
  async view(query: ListQuery): Promise<TableView> {
    const table = this.#opened();
    const { generation } = table.collection;
    const total = table.newestRows().length;
    const rows = await this.#list.rows(table, query, (filter, rows) =>
      this.#decide(table, filter, rows)
    );
    return transfer({ rows, total, generation }, [rows.buffer]);
  }

  #decide(
    table: ItemTable,
    filter: Filter | null,
    rows: Uint32Array,
    signal?: AbortSignal
  ): Promise<FilteredRows> {
    if (this.#regexAnswersOf !== table.stamp) this.#regexAnswers = new Map();
    this.#regexAnswersOf = table.stamp;
    return filterTable(table, filter, rows, this.#regexes, this.#regexAnswers, signal);
  }

  /** What saving an item would take; see {@link TableEdits.preview}. */
  previewEdit(row: Row | null, fields: Fields): Promise<EditPreview> {
    return this.#edits!.preview(row, fields);
  }

  /** Saves an item; see {@link TableEdits.save}. */
  saveItem(row: Row | null, id: string, fields: Fields, replace = false): Promise<SavedItem> {
    return this.#edit(this.#edits!.save(row, id, fields, replace));
  }

  /** Deletes items; see {@link TableEdits.remove}. */
  removeItems(rows: Row[]): Promise<ItemEdit> {
    return this.#edit(this.#edits!.remove(rows));
  }

  /** Undoes an edit; see {@link TableEdits.undo}. */
  undo(edit: ItemEdit): Promise<boolean> {
    return this.#edit(this.#edits!.undo(edit));
  }

  async #edit<T>(editing: Promise<T>): Promise<T> {
    const result = await editing;
    await this.#changed();
    return result;
  }

  /** The most frequent values of a field over the rows that can be found. */
  values(field: string, most = MOST_VALUES): FieldValues {
    const table = this.#opened();
    const valueAt = (row: Row) => table.value(field, row);
    const values = fieldValues(table.liveRows(), valueAt, table.size, most);
    return transfer(values, [values.counts.buffer, values.of.buffer]);
  }

  /**
   * The first `limit` findable items whose title or id has all the words, whatever their case; those
   * that begin with them first. No words find the first items.
   */
  find(words: string, limit: number): ItemName[] {
    const table = this.#opened();
    const wanted = words.toLowerCase().trim();
    const parts = wanted.split(/\s+/).filter(Boolean);
    const begin: ItemName[] = [];
    const contain: ItemName[] = [];
    for (let row = 0; row < table.size && begin.length < limit; row++) {
      if (!table.isLive(row)) continue;
      const name = nameOf(table, row);
      const title = name.title.toLowerCase();
      if (title.startsWith(wanted) || name.id.toLowerCase() === wanted) begin.push(name);
      else if (contain.length < limit) {
        const hay = `${title} ${name.id.toLowerCase()}`;
        if (parts.every((part) => hay.includes(part))) contain.push(name);
      }
    }
    return [...begin, ...contain].slice(0, limit);
  }

  /** Keeps labels as a field of the collection; see `savePredictions` of the store. */
  async savePredictions(predictions: Predictions): Promise<void> {
    await savePredictions(await this.#database(), this.#collection!, predictions);
    await this.#changed();
  }

  /** Forgets labels that were kept as a field. */
  async deletePredictions(field: string): Promise<void> {
    await deletePredictions(await this.#database(), this.#collection!, field);
    await this.#changed();
  }

  /** The labels that the reader gave by hand, by the items' ids. */
  async examples(): Promise<Examples> {
    return getExamples(await this.#database(), this.#collection!);
  }

  /** Keeps the labels that the reader gave by hand. */
  async saveExamples(examples: Examples): Promise<void> {
    await saveExamples(await this.#database(), this.#collection!, examples);
  }

  /** Brings the table up to what was just written, and tells everybody else. */
  async #changed(): Promise<void> {
    await this.refresh();
    this.#announce({ kind: 'rows', collection: this.#collection! });
  }

  #opened(): ItemTable {
    if (!this.#table) throw new SemblanceError('not-open', 'The items have not been read yet.');
    return this.#table;
  }
}

function nameOf(table: ItemTable, row: Row): ItemName {
  const item = table.item(row)!;
  const title = titleOf(item, table.collection.titleField, () => table.text(row));
  return { row, id: item.id, title };
}

function cellsOf(table: ItemTable, row: Row): ItemCells {
  const { fields, passage } = table.item(row)!;
  return {
    ...nameOf(table, row),
    fields: Object.fromEntries([...Object.entries(fields), ...table.predictionsAt(row)]),
    text: table.text(row),
    ...(passage && { passage }),
    pending: !table.isLive(row)
  };
}

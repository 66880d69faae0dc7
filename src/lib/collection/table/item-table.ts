import { bitAt } from '#lib/base/bits.ts';
import type { Row } from '#lib/base/ids.ts';
import { scoreField } from '../store/predictions.ts';
import type { Predictions, StagedItem } from '../store/schema.ts';
import { parseTemplate, renderTemplate, type Template } from '../template.ts';
import type { Collection, FieldValue } from '../types.ts';

/** Where the rows of a collection stand: what changes without an item changing. */
export interface TableRows {
  /** Rows that have a vector, as a bitmap. */
  embedded: Uint8Array;
  /** Rows that were deleted or replaced, as a bitmap. */
  dead: Uint8Array;
}

/** What a table needs to know of its collection. */
export type TableCollection = Pick<
  Collection,
  'fields' | 'template' | 'titleField' | 'generation' | 'nextRow' | 'deadRevision'
>;

/**
 * The items of one generation of a collection in memory, by row: what filters, sorting and the grid
 * read. Rows are only ever added; deletions are a bitmap.
 */
export class ItemTable {
  #collection: TableCollection;
  #template: Template;
  #rows: TableRows = { embedded: new Uint8Array(0), dead: new Uint8Array(0) };
  readonly #items: (StagedItem | undefined)[] = [];
  /** The first row that an id ever had: an item that is changed stays where it was. */
  readonly #firstRows = new Map<string, Row>();
  /** Predicted labels and their scores, by the fields they are shown as. */
  #predicted = new Map<string, (row: Row) => FieldValue>();
  /** Names what was predicted, and when. */
  #predictedWhen = '';
  /** Both are made when first asked for, and hold until rows are added or die. */
  #newest: Uint32Array<ArrayBuffer> | undefined;
  #holders: Map<string, Row> | undefined;

  constructor(collection: TableCollection) {
    this.#collection = collection;
    this.#template = parseTemplate(collection.template);
  }

  get collection(): TableCollection {
    return this.#collection;
  }

  /** Rows below it have been read. */
  get size(): Row {
    return this.#items.length;
  }

  /** Under the same stamp there are the same rows, dead or not, and each says the same. */
  get stamp(): string {
    const { generation, template } = this.#collection;
    return JSON.stringify([generation, this.size, template, this.#predictedWhen]);
  }

  /** Takes in further items, by rising rows. */
  add(items: StagedItem[]): void {
    for (const item of items) {
      this.#items[item.row] = item;
      if (!this.#firstRows.has(item.id)) this.#firstRows.set(item.id, item.row);
    }
    this.#forget();
  }

  /** Takes in what else has changed: fields, names, which rows are embedded and dead. */
  update(collection: TableCollection, rows: TableRows): void {
    this.#collection = collection;
    this.#template = parseTemplate(collection.template);
    // While a run goes on this comes many times a second, and nothing dies.
    if (!sameBits(rows.dead, this.#rows.dead)) this.#forget();
    this.#rows = rows;
  }

  /** Takes in the labels that are shown as fields. */
  predict(predictions: Predictions[]): void {
    this.#predictedWhen = predictions.map(({ field, madeAt }) => `${field} ${madeAt}`).join('\n');
    this.#predicted = new Map<string, (row: Row) => FieldValue>(
      predictions.flatMap(({ field, labels, of, scores }) => [
        [field, (row: Row) => (of[row] ? labels[of[row] - 1]! : null)],
        // Four decimals, as nobody reads a float32's own.
        [scoreField(field), (row: Row) => (of[row] ? Math.round(scores[row]! * 1e4) / 1e4 : null)]
      ])
    );
  }

  /** What was predicted for a row. */
  predictionsAt(row: Row): [field: string, value: FieldValue][] {
    return Array.from(this.#predicted, ([field, valueAt]) => [field, valueAt(row)]);
  }

  /** Whether a row has an item that is neither deleted nor replaced. */
  has(row: Row): boolean {
    return this.#items[row] !== undefined && !bitAt(this.#rows.dead, row);
  }

  /** Whether a row has its vector, dead or not. */
  hasVector(row: Row): boolean {
    return bitAt(this.#rows.embedded, row);
  }

  /** Whether a row can be found: it has an item and a vector, and is not dead. */
  isLive(row: Row): boolean {
    return this.has(row) && this.hasVector(row);
  }

  /** Rows that can be found, rising. */
  liveRows(): Uint32Array<ArrayBuffer> {
    return rowsWhere(this.size, (row) => this.isLive(row));
  }

  /** {@link liveRows} as a bitmap. */
  liveBits(): Uint8Array<ArrayBuffer> {
    const { embedded, dead } = this.#rows;
    // A row with a vector has an item.
    return embedded.map((byte, i) => byte & ~(dead[i] ?? 0)) as Uint8Array<ArrayBuffer>;
  }

  /**
   * One row for each item, in the order in which items came to be: of one that waits for the vector of its new
   * text, the row with the new text.
   */
  newestRows(): Uint32Array<ArrayBuffer> {
    return (this.#newest ??= this.#findNewest());
  }

  #findNewest(): Uint32Array<ArrayBuffer> {
    const replaced = new Set<Row>();
    for (let row = 0; row < this.size; row++) {
      const replaces = this.#items[row]?.replaces;
      if (replaces !== undefined && this.has(row)) replaced.add(replaces);
    }
    const rows = rowsWhere(this.size, (row) => this.has(row) && !replaced.has(row));
    const first = (row: Row) => this.#firstRows.get(this.#items[row]!.id)!;
    const moved = rows.filter((row) => first(row) !== row);
    if (moved.length === 0) return rows;
    const firsts = new Map(Array.from(moved, (row) => [row, first(row)]));
    return rows.sort((a, b) => (firsts.get(a) ?? a) - (firsts.get(b) ?? b) || a - b);
  }

  /** The item at a row, dead or not. */
  item(row: Row): StagedItem | undefined {
    return this.#items[row];
  }

  /** The newest row of an id that is not dead. */
  rowOf(id: string): Row | undefined {
    this.#holders ??= this.#findHolders();
    return this.#holders.get(id);
  }

  /** The row of an id that can be found: while a new text waits for its vector, that of the old one. */
  liveRowOf(id: string): Row | undefined {
    const row = this.rowOf(id);
    if (row === undefined || this.isLive(row)) return row;
    const old = this.#items[row]!.replaces;
    return old !== undefined && this.isLive(old) ? old : undefined;
  }

  #findHolders(): Map<string, Row> {
    const holders = new Map<string, Row>();
    for (let row = 0; row < this.size; row++) {
      if (this.has(row)) holders.set(this.#items[row]!.id, row);
    }
    return holders;
  }

  /** A field's value at a row, predicted ones included; null where the item lacks it. */
  value(field: string, row: Row): FieldValue {
    const predicted = this.#predicted.get(field);
    if (predicted) return predicted(row);
    const fields = this.#items[row]?.fields;
    return fields && Object.hasOwn(fields, field) ? fields[field]! : null;
  }

  /** All values of a row: its id, its fields, and what was predicted for it. */
  *valuesAt(row: Row): Generator<FieldValue> {
    const item = this.#items[row];
    if (!item) return;
    yield item.id;
    yield* Object.values(item.fields);
    for (const [, value] of this.predictionsAt(row)) yield value;
  }

  /** The text a row was embedded as. */
  text(row: Row): string {
    const item = this.#items[row];
    return item ? renderTemplate(this.#template, item.fields) : '';
  }

  #forget(): void {
    this.#newest = undefined;
    this.#holders = undefined;
  }
}

function rowsWhere(size: Row, test: (row: Row) => boolean): Uint32Array<ArrayBuffer> {
  const rows = new Uint32Array(size);
  let count = 0;
  for (let row = 0; row < size; row++) if (test(row)) rows[count++] = row;
  return rows.slice(0, count);
}

function sameBits(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

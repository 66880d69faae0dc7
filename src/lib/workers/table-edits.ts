import { hashKey, hashText } from '#lib/base/hash.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import { StoreError } from '#lib/base/errors.ts';
import type { Space } from '#lib/base/space.ts';
import { getCollection } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import {
  applyEdit,
  undoEdit,
  type BornItem,
  type ExpectedState
} from '#lib/collection/store/edit-items.ts';
import { findHeld } from '#lib/collection/store/held.ts';
import { RowVectors } from '#lib/collection/store/row-vectors.ts';
import { listSegments } from '#lib/collection/store/segments.ts';
import { isSame, type ItemEdit, type NewItem } from '#lib/collection/store/staging.ts';
import type { ItemTable } from '#lib/collection/table/item-table.ts';
import { isBlank, parseTemplate, renderTemplate } from '#lib/collection/template.ts';
import type { Fields } from '#lib/collection/types.ts';
import { loadTokenizer } from '#lib/embedding/tokens.ts';

/** What saving an item would take. */
export interface EditPreview {
  /** Whether the text that is embedded is another one. */
  textChanged: boolean;
  /** Tokens of the text, and those that have to be bought: none where its vector is held. */
  tokens: number;
  tokensToBuy: number;
  /** There is no text to embed. */
  blank: boolean;
}

/** An item that was saved. */
export interface SavedItem {
  /** What undoing it takes; null when it says what it said before. */
  edit: ItemEdit | null;
  /** Whether its vector has to be made. */
  pending: boolean;
}

/** Times that an edit is made anew when others were quicker. */
const MOST_TRIES = 5;

/** Edits of the items of an open collection, by what its table says. */
export class TableEdits {
  readonly #database: () => Promise<Database>;
  readonly #collection: CollectionId;
  /** The table, brought up to the store. */
  readonly #fresh: () => Promise<ItemTable>;

  constructor(
    database: () => Promise<Database>,
    collection: CollectionId,
    fresh: () => Promise<ItemTable>
  ) {
    this.#database = database;
    this.#collection = collection;
    this.#fresh = fresh;
  }

  /** What it would take to save fields at a row, or as a new item when it is null. */
  async preview(row: Row | null, fields: Fields): Promise<EditPreview> {
    const db = await this.#database();
    const { template, space } = await getCollection(db, this.#collection);
    const table = await this.#fresh();
    const { textHash, tokens, blank } = await textOf(template, fields);
    const textChanged = row === null || table.item(row)?.textHash !== textHash;
    const held = !textChanged || blank || (await isHeld(db, space, textHash));
    return { textChanged, tokens, tokensToBuy: held ? 0 : tokens, blank };
  }

  /**
   * Saves fields as the item at a row, or as a new one when it is null: one that has its id already is
   * replaced when that is wanted. Throws `StoreError`: `blank-text`, `id-taken` otherwise, `changed-meanwhile`
   * when the item was changed or deleted, and what the store throws.
   */
  async save(row: Row | null, id: string, fields: Fields, replace = false): Promise<SavedItem> {
    const { template } = await getCollection(await this.#database(), this.#collection);
    const { textHash, tokens, blank } = await textOf(template, fields);
    if (blank) throw blankText();
    return this.#retry(async (table, expects) => {
      const holder = row ?? table.rowOf(id);
      const old = holder === undefined ? undefined : table.item(holder);
      if (row === null && old && !replace) throw idTaken(id);
      if (row !== null && (old?.id !== id || table.rowOf(id) !== row)) throw itemChanged();
      const item: NewItem = { ...withoutRow(old), id, fields, textHash, tokens };
      if (old && isSame(old, item)) return { edit: null, pending: false };
      const born: BornItem = { item, ...(old && { replaces: old.row }) };
      const keeps = old?.textHash === textHash && table.isLive(old.row);
      if (keeps) born.vector = await this.#vectorOf(old.row);
      const edit = await applyEdit(await this.#database(), this.#collection, {
        expects,
        born: [born],
        kill: []
      });
      return { edit, pending: !keeps };
    });
  }

  /** Deletes the items at some rows; those that are gone already are no error. */
  remove(rows: Row[]): Promise<ItemEdit> {
    return this.#retry(async (table, expects) => {
      // With a text that waits for its vector the item is deleted whole.
      const newest = rows.map((row) => table.rowOf(table.item(row)?.id ?? '') ?? row);
      const kill = newest.filter((row) => table.has(row));
      return applyEdit(await this.#database(), this.#collection, { expects, born: [], kill });
    });
  }

  /**
   * Undoes an edit. Throws `StoreError` `changed-meanwhile` when its items were changed since, or others have
   * their ids now. Tells whether anything that is back waits for its vector.
   */
  undo(edit: ItemEdit): Promise<boolean> {
    return this.#retry(async (table, expects) => {
      const born = new Set(edit.born);
      for (const row of born) {
        if (table.rowOf(table.item(row)?.id ?? '') !== row) throw itemChanged();
      }
      for (const row of edit.gone) {
        const holder = table.rowOf(table.item(row)?.id ?? '');
        if (holder === undefined || born.has(holder) || edit.gone.includes(holder)) continue;
        throw itemChanged();
      }
      await undoEdit(await this.#database(), this.#collection, expects, edit);
      return edit.gone.some((row) => !table.hasVector(row));
    });
  }

  /** Tries again with a fresh table when others were quicker; not when nothing has changed since. */
  async #retry<T>(work: (table: ItemTable, expects: ExpectedState) => Promise<T>): Promise<T> {
    let last = '';
    for (let tries = 1; ; tries++) {
      const table = await this.#fresh();
      const { generation, nextRow, deadRevision } = table.collection;
      const expects = { generation, nextRow, deadRevision };
      try {
        return await work(table, expects);
      } catch (error) {
        const quicker = error instanceof StoreError && error.code === 'changed-meanwhile';
        const state = JSON.stringify(expects);
        if (!quicker || tries === MOST_TRIES || last === state) throw error;
        last = state;
      }
    }
  }

  async #vectorOf(row: Row): Promise<Float32Array> {
    const db = await this.#database();
    const { space } = await getCollection(db, this.#collection);
    const vectors = new RowVectors(space.dimensions);
    vectors.add(await listSegments(db, this.#collection));
    return vectors.read([row]);
  }
}

async function textOf(template: string, fields: Fields) {
  const parsed = parseTemplate(template);
  const text = renderTemplate(parsed, fields);
  const tokens = (await loadTokenizer()).count(text);
  return { textHash: hashKey(hashText(text)), tokens, blank: isBlank(parsed, fields) };
}

async function isHeld(db: Database, space: Space, textHash: string): Promise<boolean> {
  return (await findHeld(db, space, new Set([textHash]))).keys.size > 0;
}

/** What a changed item keeps of the old one beside its fields. */
function withoutRow(old: { passage?: NewItem['passage'] } | undefined): Pick<NewItem, 'passage'> {
  return old?.passage ? { passage: old.passage } : {};
}

function blankText(): StoreError {
  return new StoreError(
    'blank-text',
    'There is nothing to embed: all fields that the text is made of are empty.',
    'Fill one of them, or delete the item.'
  );
}

function idTaken(id: string): StoreError {
  return new StoreError(
    'id-taken',
    `There is an item with the id “${id}” already.`,
    'Choose another id, or replace that item.'
  );
}

function itemChanged(): StoreError {
  return new StoreError(
    'changed-meanwhile',
    'This item was changed or deleted meanwhile, here or in another tab.',
    'Look at it again, then try once more.'
  );
}

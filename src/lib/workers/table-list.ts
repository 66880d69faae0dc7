import { bitAt } from '#lib/base/bits.ts';
import { makeBreather } from '#lib/base/breathe.ts';
import { CancelledError } from '#lib/base/errors.ts';
import type { Filter } from '#lib/collection/filter/types.ts';
import { hasWords } from '#lib/collection/table/find-words.ts';
import type { ItemTable } from '#lib/collection/table/item-table.ts';
import { rankRows, sortRows, type Sorting } from '#lib/collection/table/sort-rows.ts';
import type { FilteredRows } from './table-filter.ts';

/** Which items are listed, and how. */
export interface ListQuery {
  filter: Filter | null;
  /** Words that an item has in any of its fields. */
  words: string;
  sorting: Sorting | null;
}

/** Fields whose ranks are kept: four bytes a row each. */
const MOST_RANKED = 8;

/** Lists items of a table, and remembers what it takes to sort them once more. */
export class TableList {
  #ranks = new Map<string, Uint32Array>();
  /** What the ranks are of. */
  #rankedOf = '';
  #turn = 0;

  /**
   * One row for each item that a filter means and that has all the words, in order; those that wait for
   * their vector too. Throws `CancelledError` when it is asked anew meanwhile, and what filters throw.
   */
  async rows(
    table: ItemTable,
    { filter, words, sorting }: ListQuery,
    decide: (filter: Filter, rows: Uint32Array) => Promise<FilteredRows>
  ): Promise<Uint32Array> {
    const turn = ++this.#turn;
    let rows: Uint32Array = table.newestRows();
    if (filter) {
      const { bits } = await decide(filter, rows);
      rows = rows.filter((row) => bitAt(bits, row));
    }
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    if (wanted.length > 0) {
      rows = await withWords(table, rows, wanted, () => {
        if (turn !== this.#turn) throw new CancelledError('The items are listed otherwise.');
      });
    }
    return sorting ? this.#sorted(table, rows, sorting) : rows.slice();
  }

  #sorted(table: ItemTable, rows: Uint32Array, { field, descending }: Sorting): Uint32Array {
    if (this.#rankedOf !== table.stamp) this.#ranks = new Map();
    this.#rankedOf = table.stamp;
    let ranks = this.#ranks.get(field);
    if (!ranks) {
      const type = table.collection.fields.find(({ name }) => name === field)?.type ?? 'text';
      ranks = rankRows(table.size, (row) => table.value(field, row), type);
      if (this.#ranks.size === MOST_RANKED) this.#ranks.delete(this.#ranks.keys().next().value!);
      this.#ranks.set(field, ranks);
    }
    return sortRows(rows, ranks, descending);
  }
}

async function withWords(
  table: ItemTable,
  rows: Uint32Array,
  words: string[],
  throwIfLate: () => void
): Promise<Uint32Array> {
  const found: number[] = [];
  const breathe = makeBreather();
  for (const row of rows) {
    if (hasWords(table.valuesAt(row), words)) found.push(row);
    const pause = breathe();
    if (!pause) continue;
    await pause;
    throwIfLate();
  }
  return Uint32Array.from(found);
}

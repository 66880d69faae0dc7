import { toErrorData, type ErrorData } from '#lib/base/errors.ts';
import type { Remote } from '#lib/base/remote.ts';
import type { Filter } from '#lib/collection/filter/types.ts';
import type { TableApi } from '#lib/workers/table-api.ts';

/** How many items a filter means, of how many, and how many each of its conditions means on its own. */
export interface FilterCounts {
  matching: number;
  total: number;
  conditions: number[];
}

/** The open collection, as filters need it. */
export interface Filtered {
  table(): Promise<Remote<TableApi>>;
  /** Rises whenever its items have changed. */
  readonly changes: number;
}

/** A filter that is in force, and what it means: counts for the reader, rows for the engine. */
export class Filtering {
  readonly #collection: Filtered;
  #filter = $state.raw<Filter | null>(null);
  #counts = $state.raw<FilterCounts | null>(null);
  #fault = $state.raw<ErrorData | null>(null);
  #bits: Uint8Array | undefined;
  /** What the counts and rows are of. */
  #decided: { filter: Filter | null; changes: number } | undefined;

  constructor(collection: Filtered) {
    this.#collection = collection;
  }

  get filter(): Filter | null {
    return this.#filter;
  }
  /** Null until they are known. */
  get counts(): FilterCounts | null {
    return this.#counts;
  }
  /** Why the filter could not be decided. */
  get fault(): ErrorData | null {
    return this.#fault;
  }

  /**
   * Puts a filter in force; the rows that it means, as a bitmap, or undefined for all. Throws
   * `FilterError` `regex-too-slow`, and what reading items throws.
   */
  async use(filter: Filter | null): Promise<Uint8Array | undefined> {
    this.#filter = filter;
    const { changes } = this.#collection;
    const decided = this.#decided;
    if (decided?.filter === filter && decided.changes === changes) return this.#bits;
    this.#fault = null;
    if (!filter) {
      this.#counts = null;
      this.#bits = undefined;
    } else {
      try {
        const table = await this.#collection.table();
        const { bits, ...counts } = await table.filter(filter);
        if (this.#filter !== filter) return bits;
        this.#counts = counts;
        this.#bits = bits;
      } catch (error) {
        if (this.#filter === filter) this.#fault = toErrorData(error);
        throw error;
      }
    }
    this.#decided = { filter, changes };
    return this.#bits;
  }

  /** The most frequent values of a field. */
  async valuesOf(field: string): Promise<string[]> {
    const table = await this.#collection.table();
    return (await table.values(field, 200)).values;
  }
}

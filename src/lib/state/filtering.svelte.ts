import { CancelledError, throwIfCancelled, toErrorData, type ErrorData } from '#lib/base/errors.ts';
import type { Remote } from '#lib/base/remote.ts';
import { conditionsOf, type Condition, type Filter } from '#lib/collection/filter/types.ts';
import type { TableApi } from '#lib/workers/table-api.ts';

/** How many items a filter means, of how many, and how many each of its conditions means on its own. */
export interface FilterCounts {
  of: Filter;
  matching: number;
  total: number;
  conditions: { condition: Condition; matching: number }[];
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
  /** Ends the decision that another filter takes the place of. */
  #deciding: AbortController | undefined;
  /** What the counts and rows are of. */
  #decided: { filter: Filter | null; changes: number } | undefined;

  constructor(collection: Filtered) {
    this.#collection = collection;
  }

  get filter(): Filter | null {
    return this.#filter;
  }
  /** Of the filter in force, or of the last one while that is being decided; null without one. */
  get counts(): FilterCounts | null {
    return this.#counts;
  }
  /** Why the filter could not be decided. */
  get fault(): ErrorData | null {
    return this.#fault;
  }

  /**
   * Puts a filter in force; the rows that it means, as a bitmap, or undefined for all. Throws
   * `FilterError` `regex-too-slow`, `CancelledError` when another filter took its place, and what reading
   * items throws.
   */
  async use(filter: Filter | null): Promise<Uint8Array | undefined> {
    if (filter !== this.#filter) this.#deciding?.abort();
    this.#filter = filter;
    const { changes } = this.#collection;
    const decided = this.#decided;
    if (decided?.filter === filter && decided.changes === changes) return this.#bits;
    this.#fault = null;
    if (!filter) {
      this.#decide(filter, changes, null, undefined);
      return undefined;
    }
    const { signal } = (this.#deciding = new AbortController());
    try {
      const table = await this.#collection.table();
      const { bits, matching, total, conditions } = await table.filter(filter, signal);
      throwIfCancelled(signal);
      // The same filter may be asked for twice: then only one of them was called off.
      if (this.#filter !== filter) throw new CancelledError();
      const each = conditionsOf(filter).map((condition, n) => ({
        condition,
        matching: conditions[n]!
      }));
      this.#decide(filter, changes, { of: filter, matching, total, conditions: each }, bits);
      return bits;
    } catch (error) {
      if (signal.aborted || this.#filter !== filter) throw new CancelledError();
      // The last filter's counts are not this one's.
      this.#counts = null;
      this.#decided = undefined;
      this.#fault = toErrorData(error);
      throw error;
    }
  }

  #decide(
    filter: Filter | null,
    changes: number,
    counts: FilterCounts | null,
    bits: Uint8Array | undefined
  ): void {
    this.#counts = counts;
    this.#bits = bits;
    this.#decided = { filter, changes };
  }

  /** The most frequent values of a field. */
  async valuesOf(field: string): Promise<string[]> {
    const table = await this.#collection.table();
    return (await table.values(field, 200)).values;
  }
}

import type { Row } from '#lib/base/ids.ts';
import type { ItemCells } from '#lib/workers/table-api.ts';

/** Items that are kept: some screens of them. */
const MOST = 1000;

/**
 * Items that were read for the screen. What an item says never changes at its row, but whether it waits and what
 * was predicted for it does: what is old is shown until it has been read again, so that nothing flickers.
 */
export class CellCache {
  readonly #read: (rows: Uint32Array) => Promise<ItemCells[]>;
  #cells = new Map<Row, ItemCells>();
  /** Rows that are up to date, or on their way. */
  #fresh = new Set<Row>();

  constructor(read: (rows: Uint32Array) => Promise<ItemCells[]>) {
    this.#read = read;
  }

  get(row: Row): ItemCells | undefined {
    return this.#cells.get(row);
  }

  /** Reads what is missing or old of some rows; tells whether any was. Throws what reading throws. */
  async load(rows: Uint32Array): Promise<boolean> {
    const [cells, fresh] = [this.#cells, this.#fresh];
    const wanted = rows.filter((row) => !fresh.has(row));
    if (wanted.length === 0) return false;
    for (const row of wanted) fresh.add(row);
    try {
      const read = await this.#read(wanted);
      if (cells.size > MOST) this.#keepOnly(rows);
      for (const item of read) this.#cells.set(item.row, item);
      return true;
    } catch (error) {
      for (const row of wanted) fresh.delete(row);
      throw error;
    }
  }

  /** Forgets all but what is on the screen. */
  #keepOnly(rows: Uint32Array): void {
    const cells = this.#cells;
    this.#cells = new Map(
      [...rows].flatMap((row) => {
        const item = cells.get(row);
        return item ? [[row, item]] : [];
      })
    );
    this.#fresh = new Set(rows.filter((row) => this.#fresh.has(row)));
  }

  /** Everything may be old now. */
  age(): void {
    this.#fresh = new Set();
  }

  /** Forgets everything: rows are numbered anew. */
  clear(): void {
    this.#cells = new Map();
    this.#fresh = new Set();
  }
}

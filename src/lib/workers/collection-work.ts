import { bitAt } from '#lib/base/bits.ts';
import { HASH_BYTES, hashOfKey } from '#lib/base/hash.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import { getCollection } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { getDeadRows } from '#lib/collection/store/dead.ts';
import { findHeld } from '#lib/collection/store/held.ts';
import { iterateBlocks } from '#lib/collection/store/items.ts';
import { assertRoomFor, keptBytes } from '#lib/collection/store/quota.ts';
import { clearFailures, getRun, recordFailures } from '#lib/collection/store/runs.ts';
import { SEGMENT_ROWS } from '#lib/collection/store/schema.ts';
import {
  type CommitBatch,
  commitSegment,
  embeddedRows,
  listSegments
} from '#lib/collection/store/segments.ts';
import { parseTemplate, renderTemplate } from '#lib/collection/template.ts';
import type { Collection } from '#lib/collection/types.ts';
import type { RunUnit } from '#lib/embedding/run.ts';

type Spending = CommitBatch['spent'];

/** Rows that wait for a vector, as the store has them at the start of a run. */
export interface PendingRows {
  /** Rows by text, in the order of their first row: equal texts are embedded once. */
  texts: Map<string, { rows: Row[]; tokens: number }>;
  /** The row each pending row takes the place of, where it does. */
  replaces: Map<Row, Row>;
  rows: number;
  tokens: number;
  /** Live rows that have their vector already. */
  done: number;
  /** Live rows that could not be embedded, and are not tried again. */
  failed: number;
}

/** A run's view of its collection: what is pending, and where acknowledged vectors go. */
export class CollectionWork {
  readonly #db: Database;
  readonly collection: Collection;
  readonly pending: PendingRows;

  private constructor(db: Database, collection: Collection, pending: PendingRows) {
    this.#db = db;
    this.collection = collection;
    this.pending = pending;
  }

  /**
   * Reads what is pending. Rows that failed before stay out unless `retry` is set, and are then no
   * longer listed as failed. Throws `StoreError` `collection-gone`, or `quota-exceeded` when the
   * vectors would not fit.
   */
  static async load(db: Database, id: CollectionId, retry: boolean): Promise<CollectionWork> {
    const collection = await getCollection(db, id);
    const pending = await readPending(db, id, retry);
    await assertRoomFor(keptBytes(pending.rows, collection.space.dimensions));
    if (retry) await clearFailures(db, id);
    return new CollectionWork(db, collection, pending);
  }

  /**
   * Gives rows the vectors that are held for their texts already, and tells after each part how many
   * rows. Those it has not come to when the signal aborts stay pending.
   */
  async commitHeld(signal: AbortSignal, onRows: (rows: number) => void): Promise<void> {
    const { space } = this.collection;
    const held = await findHeld(this.#db, space, new Set(this.pending.texts.keys()));
    const keys = [...held.keys];
    for (let from = 0; from < keys.length && !signal.aborted; from += HELD_TEXTS) {
      const vectors = await held.read(keys.slice(from, from + HELD_TEXTS));
      const units = [...vectors.keys()].map((hash) => ({ hash, rows: this.#take(hash) }));
      const joined = new Float32Array(units.length * space.dimensions);
      units.forEach(({ hash }, n) => joined.set(vectors.get(hash)!, n * space.dimensions));
      await this.commit(units, joined, NOTHING_SPENT);
      onRows(units.reduce((sum, { rows }) => sum + rows.length, 0));
    }
  }

  /**
   * The texts still to be embedded, rendered as they are needed. Throws `StoreError`
   * `collection-gone` when the collection was deleted meanwhile.
   */
  async *units(): AsyncGenerator<RunUnit> {
    const template = parseTemplate(this.collection.template);
    for await (const block of iterateBlocks(this.#db, this.collection.id)) {
      for (const item of block.items) {
        const waiting = this.pending.texts.get(item.textHash);
        if (waiting?.rows[0] !== item.row) continue;
        const text = renderTemplate(template, item.fields);
        yield { hash: item.textHash, text, tokens: item.tokens, rows: waiting.rows };
      }
    }
    // The blocks of a collection that is deleted just end.
    await getCollection(this.#db, this.collection.id);
  }

  /**
   * Acknowledges vectors, one for each unit: when this resolves, they survive any kill. Rows beyond
   * `COMMIT_ROWS` (many with one text) follow in further transactions, the spending with the first.
   */
  async commit(
    units: { hash: string; rows: Row[] }[],
    vectors: Float32Array,
    spent: Spending
  ): Promise<void> {
    const { dimensions } = this.collection.space;
    const places = units.flatMap(({ rows }, unit) => rows.map((row) => ({ row, unit })));
    const unitHashes = units.map(({ hash }) => hashOfKey(hash));
    let from = 0;
    do {
      const part = places.slice(from, from + COMMIT_ROWS);
      const rowVectors = new Float32Array(part.length * dimensions);
      const hashes = new Uint8Array(part.length * HASH_BYTES);
      part.forEach(({ unit }, n) => {
        const vector = vectors.subarray(unit * dimensions, (unit + 1) * dimensions);
        rowVectors.set(vector, n * dimensions);
        hashes.set(unitHashes[unit]!, n * HASH_BYTES);
      });
      await commitSegment(this.#db, {
        collection: this.collection.id,
        rows: Uint32Array.from(part, ({ row }) => row),
        vectors: rowVectors,
        hashes,
        dimensions,
        spent: from === 0 ? spent : NOTHING_SPENT,
        replaces: part.flatMap(({ row }) => this.pending.replaces.get(row) ?? [])
      });
      from += COMMIT_ROWS;
    } while (from < places.length);
  }

  /** Lists rows that can't be embedded, with the reason. */
  async fail(units: { rows: Row[] }[], error: { code: string; message: string }): Promise<void> {
    const { code, message } = error;
    const failed = units.flatMap(({ rows }) => rows.map((row) => ({ row, code, message })));
    await recordFailures(this.#db, this.collection.id, failed);
  }

  /** Takes a text off the pending ones and returns its rows. */
  #take(hash: string): Row[] {
    const waiting = this.pending.texts.get(hash)!;
    this.pending.texts.delete(hash);
    this.pending.rows -= waiting.rows.length;
    this.pending.tokens -= waiting.tokens;
    this.pending.done += waiting.rows.length;
    return waiting.rows;
  }
}

/** Held vectors in memory at once. */
const HELD_TEXTS = 1024;
/** Most rows of one transaction: of 1,536 dimensions, 50 MB. */
const COMMIT_ROWS = 4 * SEGMENT_ROWS;

const NOTHING_SPENT: Spending = { tokens: 0, costUsd: 0, requests: 0 };

async function readPending(db: Database, id: CollectionId, retry: boolean): Promise<PendingRows> {
  const [segments, dead, run] = await Promise.all([
    listSegments(db, id),
    getDeadRows(db, id),
    getRun(db, id)
  ]);
  const embedded = embeddedRows(segments);
  const failed = new Set(retry ? [] : run.failed.map(({ row }) => row));
  const pending: PendingRows = {
    texts: new Map(),
    replaces: new Map(),
    rows: 0,
    tokens: 0,
    done: 0,
    failed: 0
  };
  for await (const block of iterateBlocks(db, id)) {
    for (const { row, textHash, tokens, replaces } of block.items) {
      if (bitAt(dead.bits, row)) continue;
      if (bitAt(embedded, row)) {
        pending.done++;
        continue;
      }
      if (failed.has(row)) {
        pending.failed++;
        continue;
      }
      if (replaces !== undefined) pending.replaces.set(row, replaces);
      pending.rows++;
      const text = pending.texts.get(textHash);
      if (text) text.rows.push(row);
      else {
        pending.texts.set(textHash, { rows: [row], tokens });
        pending.tokens += tokens;
      }
    }
  }
  return pending;
}

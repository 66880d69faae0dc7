import { mapBounded } from '#lib/base/bounded.ts';
import { deviceMemory } from '#lib/base/device-memory.ts';
import { encodeVectors, type VectorCodes } from '#lib/base/codes.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import { getCodes, readCodes, saveCodes, type SegmentKey } from '#lib/collection/store/codes.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { RowVectors } from '#lib/collection/store/row-vectors.ts';
import type { Segment, SegmentCodes } from '#lib/collection/store/schema.ts';
import { readVectors } from '#lib/collection/store/segments.ts';
import { rowsOf, without } from '#lib/index/bitmap.ts';
import { Engine } from '#lib/index/engine.ts';
import type { GraphPort } from '#lib/index/graph-port.ts';
import type { Kernel } from '#lib/index/kernel/kernel.ts';
import type { VectorBatch } from '#lib/index/types.ts';
import type { Block } from '#lib/index/vector-table.ts';
import type { IndexSource } from './index-source.ts';

/** Segments read at the same time: enough to keep the disk busy, few enough to stay small. */
const READ_AT_ONCE = 8;
/** Segments encoded at the same time where memory is short: one is read while one is encoded. */
const ENCODE_AT_ONCE = 2;
/** Share of the machine's memory that float32 vectors may take; codes are four times smaller. */
const VECTOR_SHARE = 1 / 16;

/** How an index is opened. */
export interface OpenIndexOptions {
  graph?: GraphPort | undefined;
  /** Bytes that float32 vectors may take in memory; by this machine's memory when undefined. */
  vectorBudget?: number | undefined;
}

/** A segment without what only the store needs: a hash for every text adds up. */
type Stored = SegmentKey & Pick<Segment, 'vectors'>;

/**
 * One generation of a collection's rows in an engine. Codes come first, so that it can be searched;
 * what else serves searching follows behind: codes that are missing, and vectors as far as this
 * machine's memory allows. Where it does not allow them, missing codes are made at once.
 */
export class OpenIndex {
  readonly engine: Engine;
  readonly generation: number;
  readonly #db: Database;
  readonly #collection: CollectionId;
  readonly #vectors: RowVectors;
  readonly #blocks = new Map<Row, { stored: Stored; block: Block }>();
  readonly #vectorBudget: number;
  readonly #storedBytes = { codes: 0, vectors: 0 };
  #dead: Uint8Array = new Uint8Array(0);
  #tidying: Promise<void> = Promise.resolve();

  constructor(
    db: Database,
    collection: CollectionId,
    { dimensions, snapshot }: IndexSource,
    kernel: Kernel,
    { graph, vectorBudget = deviceMemory() * VECTOR_SHARE }: OpenIndexOptions
  ) {
    this.#db = db;
    this.#collection = collection;
    this.#vectorBudget = vectorBudget;
    this.generation = snapshot.generation;
    this.#vectors = new RowVectors(dimensions);
    const { generation } = snapshot;
    this.engine = Engine.open(dimensions, { kernel, graph, source: this.#vectors, generation });
  }

  /** Bytes in the store of what was taken in: of the vectors, and of the codes that are kept. */
  get storedBytes(): { codes: number; vectors: number } {
    return { ...this.#storedBytes };
  }

  /**
   * Takes in what is new in the store; it can be found when this resolves. When a segment can't be
   * read, all others are taken in all the same, and the next call tries it again. Throws what reading
   * throws, and `IndexError` `out-of-memory`.
   */
  async take({ segments, dead }: IndexSource): Promise<void> {
    const fresh = segments.filter(({ firstRow }) => !this.#blocks.has(firstRow));
    this.#vectors.add(fresh);
    try {
      await this.#loadAll(fresh);
    } finally {
      this.engine.restore(rowsOf(without(this.#dead, dead)));
      this.engine.remove(rowsOf(without(dead, this.#dead)));
      this.#dead = dead;
      this.#tidying = this.#tidying.then(() => this.#tidy()).catch(() => {});
    }
  }

  /** Resolves when everything is in memory that is to be. */
  tidied(): Promise<void> {
    return this.#tidying;
  }

  async #loadAll(fresh: Segment[]): Promise<void> {
    const taken = this.#storedBytes.vectors;
    const codes = fresh.length > 0 ? await getCodes(this.#db, fresh) : [];
    const bare: Segment[] = [];
    await mapBounded(fresh.entries(), READ_AT_ONCE, async ([n, segment]) => {
      if (!(await this.#loadCodes(segment, codes[n]))) bare.push(segment);
    });
    const bytes = fresh.reduce((sum, { vectors }) => sum + vectors.size, taken);
    if (bytes > this.#vectorBudget) {
      return mapBounded(bare, ENCODE_AT_ONCE, (segment) => this.#encode(segment));
    }
    await mapBounded(bare, READ_AT_ONCE, async (segment) => {
      this.#add(segment, { vectors: await readVectors(segment) });
    });
  }

  /** Takes a segment in by its codes; false when there are none that fit. */
  async #loadCodes(segment: Segment, record: SegmentCodes | undefined): Promise<boolean> {
    if (record?.dimensions !== segment.dimensions) return false;
    const codes = await readCodes(record);
    if (!codes) return false;
    this.#add(segment, { codes });
    this.#storedBytes.codes += record.codes.size;
    return true;
  }

  /** Takes a segment in by codes made of its vectors, which do not stay in memory. */
  async #encode(segment: Segment): Promise<void> {
    const codes = encodeVectors(await readVectors(segment), segment.dimensions);
    await this.#keepCodes(this.#add(segment, { codes }), codes);
  }

  #add({ rows, firstRow, count, vectors }: Segment, values: Omit<VectorBatch, 'rows'>): Stored {
    const stored = { collection: this.#collection, firstRow, count, vectors };
    this.#blocks.set(firstRow, { stored, block: this.engine.add({ rows, ...values }) });
    this.#storedBytes.vectors += vectors.size;
    return stored;
  }

  /** Keeps codes where there is room for them: they can be made again. */
  async #keepCodes(stored: Stored, codes: VectorCodes): Promise<void> {
    try {
      await saveCodes(this.#db, stored, codes);
      this.#storedBytes.codes += codes.codes.byteLength;
    } catch {
      // No room, or the collection is gone: search goes on.
    }
  }

  /** What can wait. When it fails, the collection is gone or storage is full: search goes on. */
  async #tidy(): Promise<void> {
    await this.engine.encode(async ({ rows }, codes) => {
      // Looked up here, since what is taken in meanwhile is encoded too.
      const { stored } = this.#blocks.get(rows[0]!)!;
      await this.#keepCodes(stored, codes);
    });
    for (const { stored, block } of this.#blocks.values()) {
      // Asked each time, since more may be taken in meanwhile.
      if (this.#storedBytes.vectors > this.#vectorBudget) return this.engine.table.drop();
      block.vectors ??= await readVectors(stored);
    }
  }
}

import { encodeVectors, type VectorCodes } from '#lib/base/codes.ts';
import { IndexError } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import type { Arena } from './kernel/arena.ts';
import { strideOf, type Kernel } from './kernel/kernel.ts';
import { LiveRows } from './live-rows.ts';
import { gather, type Located } from './rescore.ts';
import type { VectorBatch } from './types.ts';

/** Where a block's codes are in the kernel's memory. */
export interface StoredCodes {
  /** `rows.length × stride` int8. */
  codes: number;
  /** 8 bytes a row; see `Kernel.noteRows`. */
  stats: number;
  /** u32 each. */
  rows: number;
  /** `stride` float32. */
  scales: number;
  /** Length of the longest row of codes. */
  maxLength: number;
}

/** Where vectors are read that are not in memory. */
export interface VectorSource {
  /** `rows.length × dimensions`, in the order of the rows. */
  read(rows: ArrayLike<Row>): Promise<Float32Array>;
}

/** Vectors that came together. */
export interface Block {
  readonly rows: Uint32Array;
  /** `rows.length × dimensions`, row-major, L2-normalised; undefined while they are not in memory. */
  vectors: Float32Array | undefined;
  /** Undefined until they are encoded. */
  codes: StoredCodes | undefined;
}

/** The vectors of a collection in memory, in the blocks they came in: as codes, as floats or both. */
export class VectorTable {
  readonly dimensions: number;
  readonly live = new LiveRows();
  readonly #kernel: Kernel;
  readonly #arena: Arena;
  readonly #source: VectorSource | undefined;
  readonly #blocks: Block[] = [];
  #blockOf = new Uint32Array(0);
  #placeOf = new Uint32Array(0);

  /** Without a `source`, vectors stay in memory. */
  constructor(dimensions: number, kernel: Kernel, arena: Arena, source?: VectorSource) {
    this.dimensions = dimensions;
    this.#kernel = kernel;
    this.#arena = arena;
    this.#source = source;
  }

  /** All blocks, dead rows included. */
  get blocks(): readonly Block[] {
    return this.#blocks;
  }

  /** Memory of the codes and of the float32 vectors, in bytes. */
  get bytes(): { codes: number; vectors: number } {
    const vectors = this.#blocks.reduce((sum, block) => sum + (block.vectors?.byteLength ?? 0), 0);
    return { codes: this.#arena.used, vectors };
  }

  /** Whether every vector is in memory as it is. */
  get resident(): boolean {
    return this.#blocks.every(({ vectors }) => vectors !== undefined);
  }

  /**
   * Takes a batch, whose vectors it keeps without copying. Throws `IndexError`: `wrong-dimensions`
   * when lengths do not fit, `row-twice` when a row has a vector already, `out-of-memory`; then
   * nothing is added.
   */
  add({ rows, vectors, codes }: VectorBatch): Block {
    const values = rows.length * this.dimensions;
    if ((vectors ?? codes?.codes)?.length !== values || (codes && codes.codes.length !== values)) {
      throw new IndexError(
        'wrong-dimensions',
        `${rows.length} vectors of ${this.dimensions} dimensions were expected, but ${vectors?.length ?? codes?.codes.length ?? 0} values came.`
      );
    }
    const block: Block = { rows: Uint32Array.from(rows), vectors, codes: undefined };
    const twice = block.rows.find((row) => this.live.has(row));
    if (twice !== undefined)
      throw new IndexError('row-twice', `Row ${twice} has a vector already.`);
    if (codes) block.codes = this.#store(block.rows, codes);

    this.#place(block);
    this.live.add(block.rows);
    return block;
  }

  /** Gives a block its codes, made from its vectors; throws `IndexError` `out-of-memory`. */
  encode(block: Block): VectorCodes {
    const codes = encodeVectors(block.vectors!, this.dimensions);
    block.codes = this.#store(block.rows, codes);
    return codes;
  }

  /** Drops the float32 vectors of blocks that have codes; they are read again from the source. */
  drop(): void {
    if (!this.#source) return;
    for (const block of this.#blocks) if (block.codes) block.vectors = undefined;
  }

  /**
   * Where the vectors of rows are; those that are not in memory are read. Throws `IndexError`
   * `no-vector` when a row has none, and what reading throws.
   */
  async locate(rows: ArrayLike<Row>): Promise<Located[]> {
    const { dimensions } = this;
    const located = Array.from(rows, (row) => {
      const found = this.find(row);
      if (!found) throw new IndexError('no-vector', `Row ${row} has no vector.`);
      const { block, place } = found;
      return block.vectors && { vectors: block.vectors, offset: place * dimensions };
    });
    const absent = [...located.keys()].filter((n) => !located[n]);
    if (absent.length === 0) return located as Located[];
    const vectors = await this.#source!.read(absent.map((n) => rows[n]!));
    absent.forEach((n, i) => (located[n] = { vectors, offset: i * dimensions }));
    return located as Located[];
  }

  /** The vectors of rows, one after the other: `rows.length × dimensions`. Throws as {@link locate}. */
  async read(rows: ArrayLike<Row>): Promise<Float32Array<ArrayBuffer>> {
    return gather(await this.locate(rows), this.dimensions);
  }

  /** Where a row's vector is; undefined when it has none. A dead row's vector is still there. */
  find(row: Row): { block: Block; place: number } | undefined {
    if (!this.live.has(row)) return undefined;
    return { block: this.#blocks[this.#blockOf[row]!]!, place: this.#placeOf[row]! };
  }

  /** A row's vector as its codes have it: `dimensions`, about L2-normalised. */
  decode({ codes }: Block, place: number): Float32Array {
    const { dimensions } = this;
    const start = codes!.codes + place * strideOf(dimensions);
    const bytes = this.#arena.bytesAt(start, dimensions);
    const values = new Int8Array(bytes.buffer, bytes.byteOffset, dimensions);
    const vector = this.#arena.floatsAt(codes!.scales, dimensions).slice();
    for (let d = 0; d < dimensions; d++) vector[d]! *= values[d]!;
    return vector;
  }

  #place(block: Block): void {
    const end = block.rows.reduce((max, row) => Math.max(max, row + 1), 0);
    if (end > this.#blockOf.length) {
      // By half more than asked, so that it happens seldom.
      this.#blockOf = grown(this.#blockOf, Math.ceil(end * 1.5));
      this.#placeOf = grown(this.#placeOf, Math.ceil(end * 1.5));
    }
    block.rows.forEach((row, place) => {
      this.#blockOf[row] = this.#blocks.length;
      this.#placeOf[row] = place;
    });
    this.#blocks.push(block);
  }

  #store(rows: Uint32Array, { codes, scales }: VectorCodes): StoredCodes {
    const { dimensions } = this;
    const arena = this.#arena;
    const stride = strideOf(dimensions);
    const stored = {
      codes: arena.allocate(rows.length * stride),
      stats: arena.allocate(rows.length * 8),
      rows: arena.allocate(rows.length * 4),
      scales: arena.allocate(stride * 4),
      maxLength: 0
    };
    // Fresh memory is zero: what lies between the dimensions and the stride stays so.
    const bytes = new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength);
    const into = arena.bytesAt(stored.codes, rows.length * stride);
    if (stride === dimensions) into.set(bytes);
    else {
      for (let n = 0; n < rows.length; n++)
        into.set(bytes.subarray(n * dimensions, (n + 1) * dimensions), n * stride);
    }
    arena.wordsAt(stored.rows, rows.length).set(rows);
    arena.floatsAt(stored.scales, stride).set(scales);
    this.#kernel.noteRows(stored.codes, rows.length, stride, stored.stats);
    const stats = arena.floatsAt(stored.stats, rows.length * 2);
    for (let n = 1; n < stats.length; n += 2)
      stored.maxLength = Math.max(stored.maxLength, stats[n]!);
    return stored;
  }
}

function grown(old: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(old);
  return larger;
}

import { IndexError } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { shorten, vectorFault } from '#lib/base/vector.ts';
import { RowSet } from '#lib/collection/store/row-set.ts';
import { rowsOf } from '#lib/index/bitmap.ts';
import type { ExpectedGraph } from '#lib/index/check-graph.ts';
import type { NearRows } from '#lib/index/point-calls.ts';
import type { GraphFacts } from '#lib/index/types.ts';
import type { ShardSet } from './shards.ts';

/** What a collection's graph is made for and with. */
export interface GraphMake extends ExpectedGraph {
  /** The generation whose rows it holds. */
  generation: number;
  /** Dimensions of the collection's vectors; the graph has the leading `dimensions` of them. */
  fullDimensions: number;
}

/** The HNSW graph of a collection: its shards, and which rows are in them. */
export class CollectionGraph {
  readonly make: GraphMake;
  readonly shards: ShardSet;
  /** Rows in the graph, dead ones included. */
  readonly known = new RowSet();
  /** Rows in the graph that it does not find any more. */
  readonly deleted = new RowSet();
  /** Milliseconds of building, over all sessions. */
  buildMs = 0;
  /** Bytes of the copy that is kept; null while there is none. */
  diskBytes: number | null = null;
  /** Whether it differs from the copy that is kept. */
  unsaved = false;
  /** Why it was built although another was saved; empty when none was. */
  builtFor = '';
  /** Why it could not be kept; empty when it could. */
  unkeptFor = '';

  constructor(make: GraphMake, shards: ShardSet) {
    this.make = make;
    this.shards = shards;
  }

  /** Rows that it finds. */
  get liveCount(): number {
    return this.known.size - this.deleted.size;
  }

  /** What there is to say about it; undefined when there is nothing. */
  get remark(): string | undefined {
    return [this.unkeptFor, this.builtFor].filter(Boolean).join(' ') || undefined;
  }

  get facts(): GraphFacts {
    const { dimensions, M, efConstruction } = this.make;
    const { diskBytes, buildMs } = this;
    const { size: shards, memoryBytes } = this.shards;
    return { dimensions, M, efConstruction, shards, memoryBytes, diskBytes, buildMs };
  }

  /** A vector as the graph compares it; undefined when its leading dimensions are all zero. */
  cut(vector: Float32Array): Float32Array | undefined {
    const { dimensions, fullDimensions } = this.make;
    const leading = dimensions < fullDimensions ? shorten(vector, dimensions) : vector;
    return vectorFault(leading) ? undefined : leading;
  }

  /**
   * Brings the rows it does not find in line with the dead ones. Throws `IndexError` when a shard
   * fails.
   */
  async bury(dead: Uint8Array): Promise<void> {
    const died = rowsWhere(this.known.bits, (byte, i) => byte & ~this.#gone(i) & (dead[i] ?? 0));
    const revived = rowsWhere(this.deleted.bits, (byte, i) => byte & ~(dead[i] ?? 0));
    if (died.length + revived.length === 0) return;
    await this.shards.mark(died, revived);
    for (const row of died) this.deleted.add(row);
    for (const row of revived) this.deleted.delete(row);
    this.unsaved = true;
  }

  /**
   * About `k` rows near a vector of the collection's dimensions, the nearest first, by their leading
   * dimensions; undefined for a vector that has nothing there. Throws `IndexError`:
   * `wrong-dimensions`, `bad-vector`, and whatever a shard failed with.
   */
  async search(vector: Float32Array, k: number, efSearch: number): Promise<NearRows | undefined> {
    const { fullDimensions } = this.make;
    if (vector.length !== fullDimensions) {
      throw new IndexError(
        'wrong-dimensions',
        `The query has ${vector.length} dimensions, the collection ${fullDimensions}.`
      );
    }
    const fault = vectorFault(vector);
    if (fault)
      throw new IndexError('bad-vector', `The query's vector can't be compared (${fault}).`);
    const leading = this.cut(vector);
    return leading && this.shards.search(leading, k, efSearch);
  }

  /** Ends its workers. */
  end(): void {
    this.shards.end();
  }

  #gone(byte: number): number {
    return this.deleted.bits[byte] ?? 0;
  }
}

/** The rows of a bitmap whose bits `pick` keeps, rising. */
function rowsWhere(bits: Uint8Array, pick: (byte: number, i: number) => number): Row[] {
  return [...rowsOf(bits.map(pick))];
}

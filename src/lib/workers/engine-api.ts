import type { CollectionId, Row } from '#lib/base/ids.ts';
import { IndexError } from '#lib/base/errors.ts';
import { transfer } from '#lib/base/remote.ts';
import { fingerprint, FINGERPRINT_CELLS } from '#lib/base/vector.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { readVectors } from '#lib/collection/store/segments.ts';
import { rowsOf } from '#lib/index/bitmap.ts';
import { Engine } from '#lib/index/engine.ts';
import type { NeighbourQuery, Neighbours, Snapshot } from '#lib/index/types.ts';
import { GraphLink } from './graph-link.ts';
import { readIndexSource, type IndexSource } from './index-source.ts';

/** What the engine holds. */
export interface EngineStatus {
  /** Live rows. */
  rows: number;
  dimensions: number;
  /** Memory of the vectors. */
  bytes: number;
  /** Milliseconds this opening or refreshing took. */
  openMs: number;
}

/** Neighbours with what is needed to draw them: `rows.length × FINGERPRINT_CELLS`. */
export type DrawnNeighbours = Neighbours & { fingerprints: Int8Array };

/** What the engine worker does: holds one open collection's vectors and searches them. No network. */
export class EngineApi {
  readonly #database: () => Promise<Database>;
  #collection: CollectionId | undefined;
  #graph: GraphLink | undefined;
  #engine: Engine | undefined;
  /** First rows of the segments that are in the engine. */
  #segments = new Set<Row>();
  #dead: Uint8Array = new Uint8Array(0);
  #snapshot: Snapshot | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(database: () => Promise<Database>) {
    this.#database = database;
  }

  /**
   * Reads a collection's vectors. `hnswPort` leads to the graph worker (see `HnswApi.connectPort`);
   * without it every search is exact. Throws `StoreError` `collection-gone`.
   */
  open(collection: CollectionId, hnswPort: MessagePort | null): Promise<EngineStatus> {
    this.#collection = collection;
    this.#graph = hnswPort ? new GraphLink(hnswPort, () => this.#snapshot) : undefined;
    this.#engine = undefined;
    return this.refresh();
  }

  /** Reads the vectors and dead rows that are new since. Throws `StoreError` `collection-gone`. */
  refresh(): Promise<EngineStatus> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => {});
    return reading;
  }

  /** The nearest live rows, with their fingerprints; see {@link Engine.search}. */
  async search(query: NeighbourQuery): Promise<DrawnNeighbours> {
    const engine = this.#opened();
    const found = await engine.search(query);
    const vectors = engine.vectorsOf(found.rows);
    const fingerprints = new Int8Array(found.rows.length * FINGERPRINT_CELLS);
    for (let i = 0; i < found.rows.length; i++) {
      const vector = vectors.subarray(i * engine.dimensions, (i + 1) * engine.dimensions);
      fingerprints.set(fingerprint(vector), i * FINGERPRINT_CELLS);
    }
    const buffers = [found.rows.buffer, found.similarities.buffer, fingerprints.buffer];
    return transfer({ ...found, fingerprints }, buffers as ArrayBuffer[]);
  }

  /** The vectors of rows, `rows.length × dimensions`. Throws `IndexError` `no-vector`. */
  vectors(rows: ArrayLike<Row>): Float32Array {
    const vectors = this.#opened().vectorsOf(rows);
    return transfer(vectors, [vectors.buffer]);
  }

  #opened(): Engine {
    if (!this.#engine) throw new IndexError('not-open', 'No collection is open in the engine.');
    return this.#engine;
  }

  async #read(): Promise<EngineStatus> {
    if (!this.#collection) throw new IndexError('not-open', 'No collection is open in the engine.');
    const from = performance.now();
    const source = await readIndexSource(await this.#database(), this.#collection);
    const engine = this.#engineFor(source);
    // Until all is read, the engine knows more rows than any snapshot tells: the graph has to wait.
    this.#snapshot = undefined;
    for (const segment of source.segments) {
      if (this.#segments.has(segment.firstRow)) continue;
      engine.add({ rows: segment.rows, vectors: await readVectors(segment) });
      this.#segments.add(segment.firstRow);
    }
    engine.restore(rowsOf(without(this.#dead, source.dead)));
    engine.remove(rowsOf(without(source.dead, this.#dead)));
    this.#dead = source.dead;
    this.#snapshot = source.snapshot;
    const { rows, dimensions, bytes } = engine;
    return { rows, dimensions, bytes, openMs: performance.now() - from };
  }

  /** The engine as it is, or a new one where rows were renumbered or nothing was open. */
  #engineFor({ dimensions, snapshot }: IndexSource): Engine {
    if (this.#engine && this.#snapshot?.generation === snapshot.generation) return this.#engine;
    this.#segments.clear();
    this.#dead = new Uint8Array(0);
    this.#engine = Engine.open(dimensions, this.#graph);
    return this.#engine;
  }
}

/** The rows of `a` that are not in `b`. */
function without(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte & ~(b[i] ?? 0));
}

import { exposeWorker } from '#lib/base/remote.ts';
import type { LastAnswer, Loader, System } from '../systems/system.ts';
import { readLimit } from './read-limit.ts';

const LOADERS: Record<string, () => Promise<{ load: Loader }>> = {
  semblance: () => import('../systems/semblance.ts'),
  'hnswlib-wasm': () => import('../systems/hnswlib-wasm.ts'),
  mememo: () => import('../systems/mememo.ts'),
  edgevec: () => import('../systems/edgevec.ts'),
  javascript: () => import('../systems/javascript.ts')
};

type Query = Float32Array<ArrayBuffer>;

/** The worker of one system: loads vectors, builds, answers, keeps and opens, and times each. */
class BenchWorker {
  #system!: System;
  #vectors: Float32Array<ArrayBuffer> | undefined;

  ready(): void {}

  /** Loads a system's code, and tells what else than `search` it can do. */
  async load(name: string, method: string): Promise<string[]> {
    this.#system = await (await LOADERS[name]!()).load(method);
    return Object.keys(this.#system);
  }

  /** Takes vectors into memory: streamed, so that they never stand there twice. */
  async takeVectors(floats: number): Promise<void> {
    const vectors = new Float32Array(floats);
    const bytes = new Uint8Array(vectors.buffer);
    const response = await fetch(new URL('/data/vectors.bin', location.origin), {
      cache: 'no-store'
    });
    let at = 0;
    for await (const chunk of response.body!) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    if (at !== bytes.length) throw new Error(`${at} bytes of vectors came, not ${bytes.length}.`);
    this.#vectors = vectors;
  }

  /** Builds, and asks once; milliseconds of building. Vectors are let go. */
  build(query: Query, k: number, dimensions: number): Promise<{ buildMs: number }> {
    return this.#begin(() => this.#system.build(this.#take(), dimensions), query, k);
  }

  /** The same with everything kept on the disk. */
  buildStored(query: Query, k: number, dimensions: number): Promise<{ buildMs: number }> {
    return this.#begin(() => this.#system.buildStored!(this.#take(), dimensions), query, k);
  }

  /** Opens what was kept, and asks once. */
  open(query: Query, k: number, dimensions: number): Promise<{ buildMs: number }> {
    return this.#begin(() => this.#system.open!(dimensions), query, k);
  }

  /** Milliseconds until nothing goes on behind the answers. */
  settle(): Promise<number> {
    return timed(async () => this.#system.settle?.());
  }

  /** Milliseconds to a first answer with everything kept; null where settling kept nothing. */
  storedMs(): number | null {
    return this.#system.storedMs?.() ?? null;
  }

  /** Milliseconds the index took by the system's own count; null when it has none. */
  indexMs(): number | null {
    return this.#system.indexMs?.() ?? null;
  }

  /** Milliseconds of keeping it on the disk. */
  save(): Promise<number> {
    return timed(async () => this.#system.save!());
  }

  /** Resolves when all of it is on the disk. */
  async kept(): Promise<void> {
    await this.#system.kept?.();
  }

  setMethod(method: string): Promise<void> {
    return told(() => this.#system.setMethod!(method));
  }

  setEffort(effort: number): void {
    this.#system.setEffort!(effort);
  }

  async search(
    query: Query,
    k: number,
    allowed?: Uint8Array
  ): Promise<{ rows: Uint32Array; ms: number; last: LastAnswer | undefined }> {
    const from = performance.now();
    const found = await told(() =>
      allowed ? this.#system.searchFiltered!(query, k, allowed) : this.#system.search(query, k)
    );
    const ms = performance.now() - from;
    return { rows: Uint32Array.from(found), ms, last: this.#system.lastAnswer?.() };
  }

  /** Lets go of garbage. */
  collect(): void {
    (globalThis as { gc?: () => void }).gc?.();
  }

  /** What the system says it holds; null when it does not say. */
  async ownBytes(): Promise<number | null> {
    return (await this.#system.ownBytes?.()) ?? null;
  }

  /** Gigabytes a second of reading `bytes` in WebAssembly. */
  readLimit(bytes: number): Promise<number> {
    return readLimit(bytes);
  }

  async #begin(action: () => Promise<void>, query: Query, k: number): Promise<{ buildMs: number }> {
    const buildMs = await timed(action);
    await told(() => this.#system.search(query, k));
    return { buildMs };
  }

  #take(): Float32Array<ArrayBuffer> {
    const vectors = this.#vectors!;
    this.#vectors = undefined;
    return vectors;
  }
}

/** What the page calls. */
export type BenchApi = BenchWorker;

/** Some throw plain objects or exceptions without a message; an error crosses with what it says. */
async function told<T>(action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof Error && error.message) throw error;
    const said = (error as { message?: unknown } | null)?.message;
    throw new Error(said ? String(said) : `threw ${String(error)}`, { cause: error });
  }
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await told(action);
  return performance.now() - from;
}

exposeWorker(new BenchWorker());

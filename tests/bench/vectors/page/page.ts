import { connect, type Endpoint, type Remote } from '#lib/base/remote.ts';
import type { BenchApi } from './bench.worker.ts';

/** What was found and how long it took, a query each. */
export interface Asked {
  rows: number[][];
  /** From the page's call to the page's answer. */
  pageMs: number[];
  /** The search alone, in the worker, until it first answers, and until its final answer. */
  kernelMs: number[];
  finalMs: number[];
  /** What the system tells of its steps; empty where it does not. */
  scanMs: number[];
  firstMs: number[];
}

/** How to ask. */
export interface Asking {
  dimensions: number;
  k: number;
  /** Queries are asked in turn until this many answers are timed. */
  times: number;
  /** Answers that are not timed, before. */
  warmUps: number;
  filtered: boolean;
}

/** How long it took until a system could answer, and until its first answer was in the page. */
export interface Begun {
  buildMs: number;
  readyMs: number;
}

let api: Remote<BenchApi> | undefined;

/** The page's side of the benchmark, called from outside: a worker for the system, and questions. */
const bench = {
  /** Starts the worker, which has nothing loaded yet. */
  async start(): Promise<void> {
    const worker = new Worker(new URL('./bench.worker.ts', import.meta.url), { type: 'module' });
    api = connect<BenchApi>(worker as Endpoint).api;
    await api.ready();
  },

  /** Calls a method of the worker. */
  call(method: keyof BenchApi, args: unknown[]): Promise<unknown> {
    return (api![method] as (...args: unknown[]) => Promise<unknown>)(...args);
  },

  /** Lets the system build or open, and asks once; milliseconds until that answer is in the page. */
  async begin(
    step: 'build' | 'buildStored' | 'open',
    dimensions: number,
    k: number
  ): Promise<Begun> {
    const query = new Float32Array(await read('data/queries.bin')).slice(0, dimensions);
    const from = performance.now();
    const { buildMs } = await api![step](query, k, dimensions);
    return { buildMs, readyMs: performance.now() - from };
  },

  /** Asks the queries one after the other, as a page does that waits for each answer. */
  async ask({ dimensions, k, times, warmUps, filtered }: Asking): Promise<Asked> {
    const queries = new Float32Array(await read('data/queries.bin'));
    const allowed = filtered ? new Uint8Array(await read('data/allowed.bin')) : undefined;
    const count = queries.length / dimensions;
    const asked: Asked = {
      rows: [],
      pageMs: [],
      kernelMs: [],
      finalMs: [],
      scanMs: [],
      firstMs: []
    };
    for (let i = -warmUps; i < times; i++) {
      const n = (i + warmUps * count) % count;
      const query = queries.slice(n * dimensions, (n + 1) * dimensions);
      const from = performance.now();
      const { rows, ms, last } = await api!.search(query, k, allowed);
      const pageMs = performance.now() - from;
      if (i < 0) continue;
      if (i < count) asked.rows.push([...rows]);
      asked.pageMs.push(pageMs);
      asked.kernelMs.push(last?.firstMs ?? ms);
      asked.finalMs.push(ms);
      if (last?.scanMs !== undefined) asked.scanMs.push(last.scanMs);
      if (last?.firstMs !== undefined) asked.firstMs.push(last.firstMs);
    }
    return asked;
  }
};

async function read(url: string): Promise<ArrayBuffer> {
  return (await fetch(url, { cache: 'no-store' })).arrayBuffer();
}

/** The benchmark's object in the page's global scope. */
export type Bench = typeof bench;

Object.assign(globalThis, { bench });

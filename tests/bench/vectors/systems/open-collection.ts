import type { CollectionId } from '#lib/base/ids.ts';
import { connect, lasting, transfer, type Endpoint } from '#lib/base/remote.ts';
import type { Engine } from '#lib/index/engine.ts';
import type { KernelKind } from '#lib/index/kernel/kernel.ts';
import type { GraphStatus, NeighbourQuery, Neighbours } from '#lib/index/types.ts';
import { sharedDatabase } from '#lib/workers/database.ts';
import { EngineApi } from '#lib/workers/engine-api.ts';
import type { HnswApi } from '#lib/workers/hnsw-api.ts';

/** Something of ours that answers. */
export interface Searching {
  search(query: NeighbourQuery, onFirst: () => void): Promise<Neighbours>;
  /** Resolves when nothing goes on behind the answers. */
  settle(): Promise<void>;
  /** Resolves when everything is on the disk. */
  kept(): Promise<void>;
  /** What it counts of its memory, the graph's own aside. */
  bytes(): Promise<number>;
  /** Milliseconds until it was all there: encoded, or the graph ready. */
  indexMs(): number;
}

/** An engine alone. */
export function searchOf(engine: Engine): Searching {
  let indexMs = 0;
  return {
    search: (query, onFirst) => engine.search(query, onFirst),
    async settle() {
      const from = performance.now();
      await engine.encode();
      indexMs = performance.now() - from;
    },
    kept: async () => {},
    bytes: async () => engine.table.bytes.codes + engine.table.bytes.vectors,
    indexMs: () => indexMs
  };
}

/**
 * Opens a stored collection as the page does: an engine here, in its worker, and where `withGraph`
 * the graph in a worker of its own, which speaks to the engine by a port.
 */
export async function openCollection(
  id: CollectionId,
  {
    withGraph = false,
    vectorBudget,
    kernel
  }: { withGraph?: boolean; vectorBudget?: number; kernel?: KernelKind }
): Promise<Searching> {
  const engine = new EngineApi(sharedDatabase, { vectorBudget, kernel });
  let graph: { settled(): Promise<unknown>; ready: Promise<number> } | undefined;
  if (withGraph) {
    const { port1, port2 } = new MessageChannel();
    const api = connect<HnswApi>(startGraphWorker() as Endpoint).api;
    await api.connectPort(transfer(port1, [port1]));
    await engine.open(id, port2);
    graph = { settled: () => api.settled(), ready: openGraph(api, id) };
    graph.ready.catch(() => undefined);
  } else {
    await engine.open(id, null);
  }
  let indexMs = 0;
  return {
    search: (query, onFirst) => ask(engine, query, onFirst),
    async settle() {
      indexMs = (await graph?.ready) ?? 0;
      await graph?.settled();
      await engine.settled();
    },
    kept: async () => void (await graph?.settled()),
    bytes: async () => {
      const { memory } = engine.index();
      return memory.codes + memory.vectors;
    },
    indexMs: () => indexMs
  };
}

/** Calls the API in its own worker: what would be transferred to the page is at hand. */
async function ask(
  engine: EngineApi,
  query: NeighbourQuery,
  onFirst: () => void
): Promise<Neighbours> {
  const found: unknown = await engine.search(query, onFirst);
  return (found as { value: Neighbours }).value;
}

/** Milliseconds until the graph answers. */
function openGraph(graph: { open: HnswApi['open'] }, id: CollectionId): Promise<number> {
  const from = performance.now();
  return new Promise((resolve, reject) => {
    const onStatus = ({ state, reason }: GraphStatus) => {
      if (state === 'ready') resolve(performance.now() - from);
      if (state === 'failed') reject(new Error(`The graph failed: ${reason}`));
    };
    void graph.open(id, lasting(onStatus));
  });
}

function startGraphWorker(): Worker {
  // The build finds a worker only where all of it stands in one expression.
  return new Worker(new URL('../../../../src/lib/workers/hnsw.worker.ts', import.meta.url), {
    type: 'module',
    name: 'graph'
  });
}

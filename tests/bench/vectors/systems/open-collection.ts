import type { CollectionId } from '#lib/base/ids.ts';
import { connect, lasting, transfer, type Endpoint } from '#lib/base/remote.ts';
import type { GraphStatus, NeighbourQuery, Neighbours } from '#lib/index/types.ts';
import { sharedDatabase } from '#lib/workers/database.ts';
import { EngineApi } from '#lib/workers/engine-api.ts';
import type { HnswApi } from '#lib/workers/hnsw-api.ts';

/** Something of ours that answers. */
export interface Searching {
  search(query: NeighbourQuery): Promise<Neighbours>;
  /** Resolves when the graph answers. */
  settle(): Promise<void>;
  /** Resolves when everything is on the disk. */
  kept(): Promise<void>;
  /** What it counts of its memory. */
  bytes(): number;
}

/** Where no graph is built behind the answers. */
export const NOTHING_BEHIND = { settle: async () => {}, kept: async () => {} };

/**
 * Opens a stored collection as the page does: an engine here, in its worker, and where `withGraph`
 * the graph in a worker of its own, which speaks to the engine by a port.
 */
export async function openCollection(id: CollectionId, withGraph: boolean): Promise<Searching> {
  const api = new EngineApi(sharedDatabase);
  if (!withGraph) {
    const { bytes } = await api.open(id, null);
    return { ...NOTHING_BEHIND, search: (query) => ask(api, query), bytes: () => bytes };
  }
  const graph = connect<HnswApi>(startGraphWorker() as Endpoint).api;
  const { port1, port2 } = new MessageChannel();
  await graph.connectPort(transfer(port1, [port1]));
  const { bytes } = await api.open(id, port2);
  const ready = Promise.withResolvers<unknown>();
  const onStatus = ({ state, reason }: GraphStatus) => {
    if (state === 'ready') ready.resolve(undefined);
    if (state === 'failed') ready.reject(new Error(`The graph failed: ${reason}`));
  };
  await graph.open(id, lasting(onStatus));
  return {
    search: (query) => ask(api, query),
    settle: async () => void (await ready.promise),
    kept: async () => void (await graph.settled()),
    bytes: () => bytes
  };
}

function startGraphWorker(): Worker {
  // The build finds a worker only where all of it stands in one expression.
  return new Worker(new URL('../../../../src/lib/workers/hnsw.worker.ts', import.meta.url), {
    type: 'module',
    name: 'graph'
  });
}

/** Calls the API in its own worker: what would be transferred to the page is at hand. */
async function ask(api: EngineApi, query: NeighbourQuery): Promise<Neighbours> {
  const found: unknown = await api.search(query);
  return (found as { value: Neighbours }).value;
}

import type { CollectionId } from '#lib/base/ids.ts';
import type { GraphStatus } from '#lib/index/types.ts';
import { WorkerClient } from './client.ts';
import type { EmbeddingApi } from './embedding-api.ts';
import type { EngineApi } from './engine-api.ts';
import { GraphConnector } from './graph-connector.ts';
import type { HnswApi } from './hnsw-api.ts';
import type { ImportApi } from './import-api.ts';
import type { ItemsApi } from './items-api.ts';
import type { TableApi } from './table-api.ts';

/*
 * The workers, as the page sees them. Each `new Worker(new URL(…))` must be written out for the
 * bundler to find its file.
 */

/** Lists and edits what is kept. */
export const items = new WorkerClient<ItemsApi>(
  'items',
  () => new Worker(new URL('./items.worker.ts', import.meta.url), { type: 'module' })
);

/** Holds the keys and asks the providers. */
export const embedder = new WorkerClient<EmbeddingApi>(
  'embedding',
  () => new Worker(new URL('./embedding.worker.ts', import.meta.url), { type: 'module' })
);

/** A new engine, for one open collection; end it with the collection. */
export function makeEngine(): WorkerClient<EngineApi> {
  return new WorkerClient(
    'engine',
    () => new Worker(new URL('./engine.worker.ts', import.meta.url), { type: 'module' })
  );
}

/** A new table worker, for one open collection; end it with the collection. */
export function makeTable(): WorkerClient<TableApi> {
  return new WorkerClient(
    'table',
    () => new Worker(new URL('./table.worker.ts', import.meta.url), { type: 'module' })
  );
}

/** A new graph worker, for one open collection; end it with the collection. */
export function makeGraph(): WorkerClient<HnswApi> {
  return new WorkerClient(
    'graph',
    () => new Worker(new URL('./hnsw.worker.ts', import.meta.url), { type: 'module' })
  );
}

/** The same, joined with the engine: what befalls it does not befall searching. */
export function connectGraph(
  collection: CollectionId,
  onStatus: (status: GraphStatus) => void
): GraphConnector {
  return new GraphConnector(makeGraph(), collection, onStatus);
}

/** A new import worker, which holds one draft. */
export function makeImporter(): WorkerClient<ImportApi> {
  return new WorkerClient(
    'import',
    () => new Worker(new URL('./import.worker.ts', import.meta.url), { type: 'module' })
  );
}

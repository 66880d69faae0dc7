import type { CollectionState } from '#lib/workers/items-api.ts';
import type { CollectionView } from './types.ts';

/** A collection as the list shows it. */
export function collectionView(state: CollectionState, running: boolean): CollectionView {
  const { collection, counts, spent } = state;
  return {
    id: collection.id,
    name: collection.name,
    model: modelName(collection.space.model),
    dimensions: collection.space.dimensions,
    live: counts.live,
    pending: counts.pending,
    running,
    tokens: spent.tokens,
    costUsd: spent.costUsd,
    createdAt: collection.createdAt,
    lastExportAt: collection.lastExportAt
  };
}

/** A model as it is called on the page. */
export function modelName(id: string): string {
  return id === 'built-in' ? 'Built-in' : id;
}

import { inContext } from '#lib/tasks/in-context.ts';
import { formatValue, joinResults, type SearchResult } from '#lib/tasks/search.ts';
import type { ItemCells } from '#lib/workers/table-api.ts';
import type { Searched } from './search-session.svelte.ts';

/** An item with what lies near it. */
export interface ItemView {
  item: ItemCells;
  fields: { name: string; value: string }[];
  /** While it waits for a new one, that of its old text; null while it has none. */
  vector: Float32Array | null;
  neighbours: SearchResult[];
  inContext: (similarity: number) => string | null;
}

const NEIGHBOURS = 8;

/** Reads an item of an open collection and its neighbours; undefined when there is no such item. */
export async function readItem(collection: Searched, id: string): Promise<ItemView | undefined> {
  const table = await collection.table();
  const [[row = null], [live = null]] = await Promise.all([
    table.rowsOf([id]),
    table.liveRowsOf([id])
  ]);
  const [item] = row === null ? [] : await table.cells(Uint32Array.of(row));
  if (!item) return undefined;
  const fields = Object.entries(item.fields).map(([name, value]) => ({
    name,
    value: formatValue(value)
  }));
  if (live === null) {
    return { item, fields, vector: null, neighbours: [], inContext: () => null };
  }
  const engine = await collection.engine();
  const vector = await engine.vectors(Uint32Array.of(live));
  const query = { vector, k: NEIGHBOURS + 1, method: 'automatic' } as const;
  const [found, pairs] = await Promise.all([engine.search(query), engine.pairs()]);
  const items = await collection.items(found.rows);
  // Near-duplicates stand beside each other here: they are what one may look for.
  const apart = { ...found, repeats: found.repeats.map(() => -1) };
  const neighbours = joinResults(apart, items, collection.titleField)
    .filter((neighbour) => neighbour.row !== live)
    .slice(0, NEIGHBOURS);
  return { item, fields, vector, neighbours, inContext: (at) => inContext(pairs, at) };
}

import { IndexError } from '#lib/base/errors.ts';
import { bitAt } from '#lib/base/bits.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { loadGraph, saveGraph } from '#lib/collection/store/graphs.ts';
import { embeddedRows } from '#lib/collection/store/segments.ts';
import { HnswGraph } from '#lib/index/hnsw.ts';
import type { GraphParameters, GraphStamp } from '#lib/index/types.ts';
import type { IndexSource } from './index-source.ts';

/** A saved graph, or why there is none that can be used: a sentence, empty when none was saved. */
export type Restored = { graph: HnswGraph } | { graph?: undefined; reason: string };

/**
 * Loads a collection's saved graph when it was made from these vectors with these parameters and its
 * bytes are whole; it may be behind by rows and deletions. Throws `IndexError` `graph-too-large`.
 */
export async function restoreGraph(
  db: Database,
  id: CollectionId,
  source: IndexSource,
  capacity: number,
  parameters: GraphParameters
): Promise<Restored> {
  const saved = await loadGraph(db, id);
  if (!saved) return { reason: '' };
  const misfit = findMisfit(saved.stamp, source, parameters);
  if (misfit) return { reason: `The saved graph was made from ${misfit}, so it is built again.` };

  const damaged = { reason: 'The saved graph is damaged, so it is built again.' };
  const bytes = await saved.bytes.arrayBuffer().then(
    (buffer) => new Uint8Array(buffer),
    () => undefined
  );
  if (!bytes || (await digestOf(bytes)) !== saved.stamp.digest) return damaged;
  try {
    const graph = await HnswGraph.load(bytes, saved.stamp, capacity, parameters.efSearch);
    const embedded = embeddedRows(source.segments);
    return [...graph.rows].every((row) => bitAt(embedded, row)) ? { graph } : damaged;
  } catch (error) {
    if (error instanceof IndexError && error.code !== 'graph-too-large') return damaged;
    throw error;
  }
}

/**
 * Keeps the graph as it is now. Where another tab is just keeping its own, nothing is written: either
 * serves, and catches up. Throws what `saveGraph` throws.
 */
export async function keepGraph(
  db: Database,
  id: CollectionId,
  { space, nextRow, snapshot }: IndexSource,
  graph: HnswGraph
): Promise<void> {
  await navigator.locks.request(`semblance:graph:${id}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    const bytes = graph.bytes();
    const { M, efConstruction } = graph.parameters;
    const stamp: GraphStamp = {
      generation: snapshot.generation,
      rows: nextRow,
      count: graph.rows.size,
      deadRevision: snapshot.deadRevision,
      space,
      dimensions: graph.dimensions,
      M,
      efConstruction,
      digest: await digestOf(bytes)
    };
    await saveGraph(db, { collection: id, bytes: new Blob([bytes]), stamp });
  });
}

function findMisfit(stamp: GraphStamp, source: IndexSource, parameters: GraphParameters): string {
  if (stamp.space !== source.space || stamp.dimensions !== source.dimensions)
    return 'other vectors';
  if (stamp.generation !== source.snapshot.generation) return 'rows that have been renumbered';
  const { M, efConstruction } = parameters;
  return stamp.M === M && stamp.efConstruction === efConstruction ? '' : 'other parameters';
}

/** SHA-256, hexadecimal. */
async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

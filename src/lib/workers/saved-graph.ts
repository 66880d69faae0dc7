import { bitAt } from '#lib/base/bits.ts';
import { toErrorData } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { loadGraph, saveGraph } from '#lib/collection/store/graphs.ts';
import { embeddedRows } from '#lib/collection/store/segments.ts';
import { isHeldOut } from '#lib/index/held-out.ts';
import type { GraphStamp, IndexSettings, SavedGraph } from '#lib/index/types.ts';
import { CollectionGraph } from './collection-graph.ts';
import { hasOutgrown } from './graph-make.ts';
import type { IndexSource } from './index-source.ts';
import type { LoadedShard } from './shard-api.ts';
import type { ShardSet } from './shards.ts';

/** More graphs side by side than this were not made by us. */
const MOST_SHARDS = 16;

/** A saved graph, or why there is none that can be used: a sentence, empty when none was saved. */
export type Restored = { graph: CollectionGraph } | { graph?: undefined; reason: string };

/** What a saved graph has to fit, and how its shards are started. */
export interface Fitting {
  settings: IndexSettings;
  cores: number;
  /** Rows that each of so many graphs should have room for. */
  capacity(shards: number): number;
  start(shards: number): ShardSet;
}

/**
 * Loads a collection's saved graph when it was made from these vectors with these parameters and its
 * bytes are whole; it may be behind by rows and deletions. Throws what has nothing to do with how it
 * was saved: `IndexError` `graph-too-large`, and whatever keeps a shard from starting.
 */
export async function restoreGraph(
  db: Database,
  id: CollectionId,
  source: IndexSource,
  fitting: Fitting
): Promise<Restored> {
  const saved = await loadGraph(db, id);
  if (!saved) return { reason: '' };
  const misfit = findMisfit(saved.stamp, source, fitting);
  if (misfit) return { reason: `The saved graph was made from ${misfit}, so it is built again.` };

  const damaged = { reason: 'The saved graph is damaged, so it is built again.' };
  const { shards: blobs, stamp } = saved;
  const count = blobs.length;
  if (count < 1 || count > MOST_SHARDS || stamp.digests.length !== count) return damaged;
  const shards = fitting.start(count);
  try {
    const parts = blobs.map((blob, n) => ({ blob, digest: stamp.digests[n]! }));
    const loaded = await shards.load(parts, stamp, fitting.capacity(count));
    if (loaded.some(({ rows }) => rows.some(isHeldOut))) {
      shards.end();
      return {
        reason: 'The saved graph holds rows that it is to be measured with, so it is built again.'
      };
    }
    const graph = assemble(saved, source, shards, loaded);
    if (graph) return { graph };
    shards.end();
    return damaged;
  } catch (error) {
    shards.end();
    if (toErrorData(error).code === 'graph-damaged') return damaged;
    throw error;
  }
}

/**
 * Keeps the graph as it is now, and notes in it how large the copy is. Where another tab is just
 * keeping its own, or has chosen other parameters, nothing is written. Throws what `saveGraph` throws,
 * and what a shard failed with.
 */
export async function keepGraph(
  db: Database,
  id: CollectionId,
  { space }: IndexSource,
  graph: CollectionGraph
): Promise<void> {
  await navigator.locks.request(`semblance:graph:${id}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    const { dimensions, M, efConstruction, generation } = graph.make;
    const { buildMs } = graph;
    const parts = await graph.shards.save();
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    const digests = parts.map(({ digest }) => digest);
    const stamp = { generation, count, space, dimensions, M, efConstruction, buildMs, digests };
    const shards = parts.map(({ blob }) => blob);
    if (await saveGraph(db, { collection: id, shards, stamp })) graph.diskBytes = sizeOf(shards);
  });
}

/** The graph that the shards make up; undefined when its rows are not this collection's. */
function assemble(
  { stamp, shards: blobs }: SavedGraph,
  { dimensions: fullDimensions, segments }: IndexSource,
  shards: ShardSet,
  loaded: LoadedShard[]
): CollectionGraph | undefined {
  const { dimensions, M, efConstruction, generation } = stamp;
  const make = { dimensions, M, efConstruction, generation, fullDimensions };
  const graph = new CollectionGraph(make, shards);
  const embedded = embeddedRows(segments);
  for (const [n, { rows, deleted }] of loaded.entries()) {
    if (!rows.every((row) => row % shards.size === n && bitAt(embedded, row))) return undefined;
    for (const row of rows) graph.known.add(row);
    for (const row of deleted) graph.deleted.add(row);
  }
  graph.buildMs = stamp.buildMs;
  graph.diskBytes = sizeOf(blobs);
  return graph.known.size === stamp.count ? graph : undefined;
}

function findMisfit(stamp: GraphStamp, source: IndexSource, { settings, cores }: Fitting): string {
  const { dimensions, M, efConstruction, digests, count } = stamp;
  if (stamp.space !== source.space || dimensions > source.dimensions) return 'other vectors';
  if (stamp.generation !== source.snapshot.generation) return 'rows that have been renumbered';
  const { choice, fewestDimensions = 0 } = settings;
  const wanted =
    choice.dimensions === 'automatic' ? dimensions : Math.min(choice.dimensions, source.dimensions);
  if (M !== choice.M || efConstruction !== choice.efConstruction || dimensions !== wanted)
    return 'other parameters';
  if (choice.dimensions === 'automatic' && dimensions < fewestDimensions)
    return 'too few dimensions';
  const size = { count, dimensions, shards: digests.length };
  return hasOutgrown(size, source, choice, cores) ? 'far fewer rows' : '';
}

function sizeOf(blobs: Blob[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}

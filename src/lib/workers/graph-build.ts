import { bitAt } from '#lib/base/bits.ts';
import type { Row } from '#lib/base/ids.ts';
import type { Segment } from '#lib/collection/store/schema.ts';
import { readVectors } from '#lib/collection/store/segments.ts';
import { isHeldOut } from '#lib/index/held-out.ts';
import type { CollectionGraph } from './collection-graph.ts';
import type { IndexSource } from './index-source.ts';

/** Rows of a batch: a second's work at most, so that progress is seen, and few messages. */
const BATCH_ROWS = 256;

/** What building tells and asks. */
export interface BuildHooks {
  /** More rows are in. */
  onProgress(): void;
  /** Awaited between two segments, such as to keep what there is. */
  between(): Promise<void> | undefined;
  /** Whether to leave the rest undone, batches on their way included. */
  stopped(): boolean;
}

/** Whether a row that has a vector belongs into the graph: live, and not held out. */
function isTaken({ dead }: IndexSource, row: Row): boolean {
  return !bitAt(dead, row) && !isHeldOut(row);
}

/** Rows that belong into the graph: live ones that have a vector, without those held out. */
export function countTaken(source: IndexSource): number {
  let taken = 0;
  for (const { rows } of source.segments) for (const row of rows) if (isTaken(source, row)) taken++;
  return taken;
}

/**
 * Adds the rows that a graph lacks and that belong into it, every shard at once: segments are read one after the other,
 * the next one while this one's rows are dealt out. A row whose leading dimensions are all zero has no
 * place in a shortened graph and is left out. Throws what reading throws, and what a shard failed with.
 */
export async function addMissing(
  graph: CollectionGraph,
  source: IndexSource,
  hooks: BuildHooks
): Promise<void> {
  const from = performance.now() - graph.buildMs;
  const onAdded = (rows: Uint32Array) => {
    for (const row of rows) graph.known.add(row);
    graph.buildMs = performance.now() - from;
    graph.unsaved = true;
    hooks.onProgress();
  };
  const isMissing = (row: Row) => isTaken(source, row) && !graph.known.has(row);
  for await (const { segment, vectors } of readAhead(source.segments, isMissing)) {
    if (hooks.stopped()) return;
    await dealOut(graph, segment, vectors, isMissing, onAdded);
    await hooks.between();
  }
  await graph.shards.drain();
}

/** Vectors of the segments with a row that is wanted, the next segment's being read meanwhile. */
async function* readAhead(
  segments: Segment[],
  wanted: (row: Row) => boolean
): AsyncGenerator<{ segment: Segment; vectors: Float32Array }> {
  const left = segments.filter(({ rows }) => rows.some(wanted));
  const start = (n: number) => {
    const reading = left[n] && readVectors(left[n]);
    // Nobody waits for it when building stops before.
    reading?.catch(() => undefined);
    return reading;
  };
  let next = start(0);
  for (let n = 0; n < left.length; n++) {
    const vectors = await next!;
    next = start(n + 1);
    yield { segment: left[n]!, vectors };
  }
}

/** Deals a segment's missing rows to their shards, in batches, as fast as these take them. */
async function dealOut(
  graph: CollectionGraph,
  segment: Segment,
  vectors: Float32Array,
  isMissing: (row: Row) => boolean,
  onAdded: (rows: Uint32Array) => void
): Promise<void> {
  const { shards, make } = graph;
  const { dimensions } = segment;
  const hands = Array.from({ length: shards.size }, () => ({
    rows: [] as Row[],
    cut: [] as Float32Array[]
  }));
  const send = (n: number) => {
    const { rows, cut } = hands[n]!;
    const packed = new Float32Array(rows.length * make.dimensions);
    cut.forEach((vector, i) => packed.set(vector, i * make.dimensions));
    hands[n] = { rows: [], cut: [] };
    return shards.feed(n, Uint32Array.from(rows), packed, onAdded);
  };
  for (let i = 0; i < segment.count; i++) {
    const row = segment.rows[i]!;
    if (!isMissing(row)) continue;
    const cut = graph.cut(vectors.subarray(i * dimensions, (i + 1) * dimensions));
    if (!cut) continue;
    const n = row % shards.size;
    hands[n]!.rows.push(row);
    hands[n]!.cut.push(cut);
    if (hands[n]!.rows.length === BATCH_ROWS) await send(n);
  }
  for (let n = 0; n < shards.size; n++) if (hands[n]!.rows.length > 0) await send(n);
}

import { bitAt } from '#lib/base/bits.ts';
import { readVectorsAt } from '#lib/collection/store/segments.ts';
import { shorterChoices } from '#lib/embedding/catalogue.ts';
import { chooseDimensions, FEWEST_PROBED, probedRows } from '#lib/index/choose-dimensions.ts';
import { countShards, FEW_ROWS } from '#lib/index/count-shards.ts';
import type { GraphChoice, IndexSettings } from '#lib/index/types.ts';
import type { GraphMake } from './collection-graph.ts';
import { countTaken } from './graph-build.ts';
import type { IndexSource } from './index-source.ts';

/** What a graph of a collection is to be made with: as the reader chose, or its own vectors say. */
export async function planGraph(
  source: IndexSource,
  { choice, fewestDimensions }: IndexSettings
): Promise<GraphMake> {
  const { M, efConstruction } = choice;
  const { dimensions: fullDimensions, snapshot } = source;
  const dimensions =
    choice.dimensions === 'automatic'
      ? await probeDimensions(source, fewestDimensions)
      : Math.min(choice.dimensions, fullDimensions);
  return { dimensions, M, efConstruction, fullDimensions, generation: snapshot.generation };
}

/** What tells whether a graph is still the right one for its collection. */
export interface GraphSize {
  /** Rows in it. */
  count: number;
  shards: number;
  dimensions: number;
}

/**
 * Whether a graph was begun when the collection was so small that it was made otherwise than it would
 * be now. Only small graphs are ever outgrown: what is thrown away is built again in seconds.
 */
export function hasOutgrown(
  { count, shards, dimensions }: GraphSize,
  source: IndexSource,
  choice: GraphChoice,
  cores: number
): boolean {
  const taken = countTaken(source);
  const tooFew = shards < countShards(taken, cores);
  if (tooFew && count < FEW_ROWS && taken >= 2 * count) return true;
  const unproved = choice.dimensions === 'automatic' && dimensions === source.dimensions;
  return unproved && count < FEWEST_PROBED && taken >= FEWEST_PROBED && canShorten(source);
}

/** Whether the model was trained so that the leading dimensions alone make a good vector. */
function canShorten({ model, dimensions }: IndexSource): boolean {
  return shorterChoices(model, dimensions).length > 0;
}

async function probeDimensions(source: IndexSource, fewest?: number): Promise<number> {
  const { dimensions } = source;
  if (!canShorten(source)) return dimensions;
  const sample = await sampleVectors(source, probedRows(dimensions));
  return (await chooseDimensions(sample, dimensions, fewest)).dimensions;
}

/**
 * The vectors of about `most` live rows, spread evenly over the segments; of each segment one
 * stretch, since that is one read.
 */
async function sampleVectors(source: IndexSource, most: number): Promise<Float32Array> {
  const { segments, dead, dimensions, snapshot } = source;
  const share = Math.min(1, most / Math.max(1, snapshot.embedded));
  const parts: Float32Array[] = [];
  let passed = 0;
  let taken = 0;
  for (const segment of segments) {
    passed += segment.count;
    const count = Math.floor(passed * share) - taken;
    taken += count;
    const live = Array.from({ length: count }, (_, i) => i).filter(
      (i) => !bitAt(dead, segment.rows[i]!)
    );
    if (live.length > 0) parts.push(await readVectorsAt(segment, live));
  }
  const sample = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    sample.set(part, end);
    end += part.length;
  }
  return sample.subarray(0, Math.floor(end / dimensions) * dimensions);
}

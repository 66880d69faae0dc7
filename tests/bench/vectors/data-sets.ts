import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { likeRealEmbeddings, lowRankClusters } from '../../support/bench-vectors.ts';
import { seededRandom } from '../../support/random.ts';
import { findTruth, type Truth } from './truth.ts';
import type { DataSpec } from './types.ts';

/** Neighbours that are asked for. */
export const K = 10;
const QUERIES = 100;
const SEED = 7;
const FILTER_SEED = 8;
const FILTER_SHARE = 0.01;

/** Makes vectors: `(count, dimensions, seed)` to row-major, L2-normalised ones. */
export const GENERATORS: Record<string, typeof lowRankClusters> = {
  clusters: lowRankClusters,
  'real-like': likeRealEmbeddings
};

/** Vectors as the page finds them below `data/`, and the truth about them. */
export interface DataSet extends DataSpec {
  queries: number;
  all: Truth;
  filtered: Truth;
}

/**
 * Writes vectors, queries and a filter of one row in a hundred into `folder`, and finds the truth,
 * once for all systems. Queries are the rows after the last one that is indexed. `real` takes the
 * place of generated vectors.
 */
export async function makeDataSet(
  spec: DataSpec,
  folder: string,
  real?: Float32Array<ArrayBuffer>
): Promise<DataSet> {
  const { n, dim } = spec;
  const made = real ?? GENERATORS[spec.data]!(n + QUERIES, dim, SEED);
  const vectors = made.subarray(0, n * dim);
  const queries = made.subarray(n * dim, (n + QUERIES) * dim);
  const allowed = pick(n);
  await Promise.all([
    writeFile(join(folder, 'vectors.bin'), vectors),
    writeFile(join(folder, 'queries.bin'), queries),
    writeFile(join(folder, 'allowed.bin'), allowed)
  ]);
  const truth = findTruth(vectors, queries, dim, K, allowed);
  return { ...spec, queries: queries.length / dim, ...truth };
}

/** Held out of `count` real vectors: a fifth, at most as many as of generated ones. */
export function heldOut(count: number): number {
  return Math.min(QUERIES, Math.floor(count / 5));
}

/** A bitmap of one row in a hundred, at least `K` rows. */
function pick(n: number): Uint8Array {
  const random = seededRandom(FILTER_SEED);
  const allowed = new Uint8Array(Math.ceil(n / 8));
  const wanted = Math.min(n, Math.max(K, Math.round(n * FILTER_SHARE)));
  for (let picked = 0; picked < wanted;) {
    const row = Math.floor(random() * n);
    if (allowed[row >> 3]! & (1 << (row & 7))) continue;
    allowed[row >> 3]! |= 1 << (row & 7);
    picked++;
  }
  return allowed;
}

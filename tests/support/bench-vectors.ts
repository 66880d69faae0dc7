import { seededRandom } from './random.ts';

/*
 * Vectors to measure search on. Both generators are `(count, dimensions, seed)` to `count ×
 * dimensions` numbers, row-major, L2-normalised. What rows have in common is drawn first, and each
 * row then takes the same number of draws, so the rows of a small count are the first rows of a
 * larger one. Queries are held out by asking for more rows than are indexed and using the last
 * ones.
 */

const RANK = 64;
const CLUSTERS = 200;
/** Squared length of a vector, on average, from its cluster's centre, its own place, and noise. */
const CLUSTER_SHARES = { centre: 0.5, within: 0.4, noise: 0.1 };

const OUTLIERS = 8;
/** The same from the shared direction, the outlier dimensions, and noise on all dimensions. */
const REAL_SHARES = { mean: 0.25, outliers: 0.28, noise: 0.47 };

/**
 * Vectors in clusters, that vary in few directions: `x = B (√0.5 c + √0.4 w) + √0.1 e`, normalised.
 * `B` maps 64 latent numbers to `dimensions`; `c` is one of 200 random centres, `w` is the row's
 * own; both are normal in latent space, and `e` is normal in all dimensions, each of unit expected
 * length.
 *
 * Two vectors of one cluster have a cosine of 0.5 ± 0.08, two of different ones 0 ± 0.115 (at 384
 * dimensions ± 0.09 and ± 0.12, as `B` is less nearly orthogonal). A first part of the dimensions
 * sees the same 64 directions, so it nearly keeps the order of neighbours: kinder than real
 * embeddings to anything that shortens vectors.
 */
export function lowRankClusters(
  count: number,
  dimensions: number,
  seed: number
): Float32Array<ArrayBuffer> {
  const normal = normals(seed);
  const { centre, within, noise } = CLUSTER_SHARES;
  const basis = Float64Array.from({ length: RANK * dimensions }, normal);
  const centres = Float64Array.from({ length: CLUSTERS * RANK }, normal);
  const pick = seededRandom(~seed);
  const centreScale = Math.sqrt(centre / (RANK * dimensions));
  const withinScale = Math.sqrt(within / (RANK * dimensions));
  const noiseScale = Math.sqrt(noise / dimensions);
  const latent = new Float64Array(RANK);
  const vector = new Float64Array(dimensions);
  const vectors = new Float32Array(count * dimensions);
  for (let n = 0; n < count; n++) {
    const cluster = Math.floor(pick() * CLUSTERS) * RANK;
    for (let r = 0; r < RANK; r++) {
      latent[r] = centreScale * centres[cluster + r]! + withinScale * normal();
    }
    for (let i = 0; i < dimensions; i++) vector[i] = noiseScale * normal();
    addCombination(vector, basis, latent);
    storeNormalised(vectors, n, vector);
  }
  return vectors;
}

/**
 * Vectors whose pairs are as alike as those of real text embeddings: `x = √0.25 u + o + √0.47 e`,
 * normalised. `u` is one direction that all share, `o` is normal on 8 dimensions placed at random
 * and 0 elsewhere, with an expected squared length of 0.28, `e` is normal in all dimensions, of
 * unit expected length.
 *
 * Random pairs have a cosine of 0.25 ± 0.1. The shares follow from that: the shared direction gives
 * the mean, its share a = 0.25; a share b over m dimensions gives a variance of b² / m, here 0.28²
 * / 8 = 0.0098; the rest c = 1 − a − b gives (c² + 2a (b + c)) / dimensions, 0.0004 at 1536 and
 * 0.0016 at 384. Normalising takes a little back, as it shortens the vectors that stand out most.
 *
 * The outlier dimensions alone nearly decide who is near whom, and a first part of the dimensions
 * has only some of them: harsher than real embeddings (where the eight widest dimensions of
 * text-embedding-3-small hold a hundredth of the variance) to anything that takes the first
 * dimensions or rounds all with one scale.
 */
export function likeRealEmbeddings(
  count: number,
  dimensions: number,
  seed: number
): Float32Array<ArrayBuffer> {
  const normal = normals(seed);
  const { mean, outliers, noise } = REAL_SHARES;
  const shared = Float64Array.from({ length: dimensions }, normal);
  const meanScale = Math.sqrt(mean / squaredLength(shared));
  const places = distinct(OUTLIERS, dimensions, seededRandom(~seed));
  const outlierScale = Math.sqrt(outliers / OUTLIERS);
  const noiseScale = Math.sqrt(noise / dimensions);
  const vector = new Float64Array(dimensions);
  const vectors = new Float32Array(count * dimensions);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < dimensions; i++) {
      vector[i] = meanScale * shared[i]! + noiseScale * normal();
    }
    for (const place of places) vector[place]! += outlierScale * normal();
    storeNormalised(vectors, n, vector);
  }
  return vectors;
}

/** Nearly normal numbers of mean 0 and variance 1: the sum of four uniform ones, at most ± 3.46. */
function normals(seed: number): () => number {
  const random = seededRandom(seed);
  return () => (random() + random() + random() + random() - 2) * Math.sqrt(3);
}

/** `count` different whole numbers from 0 to `limit` − 1. */
function distinct(count: number, limit: number, random: () => number): number[] {
  const chosen = new Set<number>();
  while (chosen.size < Math.min(count, limit)) chosen.add(Math.floor(random() * limit));
  return [...chosen];
}

/** Adds to `vector` the rows of `basis`, each times its weight; four at a time, which is faster. */
function addCombination(vector: Float64Array, basis: Float64Array, weights: Float64Array): void {
  const dimensions = vector.length;
  for (let r = 0; r < weights.length; r += 4) {
    const [w0, w1, w2, w3] = [weights[r]!, weights[r + 1]!, weights[r + 2]!, weights[r + 3]!];
    const b0 = r * dimensions;
    const b1 = b0 + dimensions;
    const b2 = b1 + dimensions;
    const b3 = b2 + dimensions;
    for (let i = 0; i < dimensions; i++) {
      vector[i]! +=
        w0 * basis[b0 + i]! + w1 * basis[b1 + i]! + w2 * basis[b2 + i]! + w3 * basis[b3 + i]!;
    }
  }
}

function storeNormalised(vectors: Float32Array, row: number, vector: Float64Array): void {
  const scale = 1 / Math.sqrt(squaredLength(vector));
  const start = row * vector.length;
  for (let i = 0; i < vector.length; i++) vectors[start + i] = vector[i]! * scale;
}

function squaredLength(vector: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  return sum;
}

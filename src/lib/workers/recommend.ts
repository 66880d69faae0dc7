import { fingerprint } from '#lib/base/vector.ts';
import type { Engine } from '#lib/index/engine.ts';
import type { Method } from '#lib/index/types.ts';
import { becauseOf, diversify, profileOf, type Because } from '#lib/tasks/recommend.ts';
import { drawVectors, type DrawnNeighbours } from './drawn-neighbours.ts';

/** What is liked and disliked, and what may be recommended. */
export interface RecommendQuery {
  /** `weights.length × dimensions`, row-major, L2-normalised. */
  vectors: Float32Array;
  /** Negative for dislikes. */
  weights: Float32Array;
  k: number;
  /** See `diversify`. */
  diversity: number;
  /** Rows that may be recommended, as a bitmap. */
  allowed: Uint8Array;
  method: Method;
}

/** Recommendations, and for each the like that speaks most for it. */
export interface Recommended {
  found: DrawnNeighbours;
  /** Fingerprint of the taste. */
  cells: Int8Array;
  because: (Because | undefined)[];
}

/**
 * The nearest so many are chosen among where recommendations shall differ; behind them they come as they are
 * ranked. It does not grow with `k`, so that the first recommendations stay when more are asked for.
 */
const POOL = 160;

/** Finds what is nearest to a taste; see `profileOf`, `diversify`, `becauseOf`. Throws what they throw. */
export async function recommend(
  engine: Engine,
  { vectors, weights, k, diversity, allowed, method }: RecommendQuery
): Promise<Recommended> {
  const vector = profileOf(vectors, weights);
  const wanted = diversity > 0 ? Math.max(k, POOL) : k;
  const found = await engine.search({ vector, k: wanted, method, allowed });
  const { dimensions } = engine;
  const count = Math.min(k, found.rows.length);
  const pool = found.similarities.subarray(0, diversity > 0 ? POOL : k);
  const places = diversify(
    pool,
    found.vectors.subarray(0, pool.length * dimensions),
    count,
    diversity
  );
  for (let place = pool.length; place < count; place++) places.push(place);
  const at = (n: number) => found.vectors.subarray(n * dimensions, (n + 1) * dimensions);
  const chosen = new Float32Array(places.length * dimensions);
  places.forEach((place, n) => chosen.set(at(place), n * dimensions));
  const rows = Uint32Array.from(places, (place) => found.rows[place]!);
  const similarities = Float32Array.from(places, (place) => found.similarities[place]!);
  const { plan, provisional } = found;
  return {
    found: { rows, similarities, plan, provisional, ...drawVectors(chosen, dimensions) },
    cells: fingerprint(vector),
    because: places.map((place) => becauseOf(at(place), vectors, weights))
  };
}

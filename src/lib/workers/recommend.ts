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
  because: (Because | undefined)[];
}

/** Candidates among which is chosen, for each recommendation, where they shall differ. */
const POOL = 8;

/** Finds what is nearest to a taste; see `profileOf`, `diversify`, `becauseOf`. Throws what they throw. */
export async function recommend(
  engine: Engine,
  { vectors, weights, k, diversity, allowed, method }: RecommendQuery
): Promise<Recommended> {
  const vector = profileOf(vectors, weights);
  const pool = diversity > 0 ? k * POOL : k;
  const found = await engine.search({ vector, k: pool, method, allowed });
  const { dimensions } = engine;
  const places = diversify(found.similarities, found.vectors, k, diversity);
  const at = (n: number) => found.vectors.subarray(n * dimensions, (n + 1) * dimensions);
  const chosen = new Float32Array(places.length * dimensions);
  places.forEach((place, n) => chosen.set(at(place), n * dimensions));
  const rows = Uint32Array.from(places, (place) => found.rows[place]!);
  const similarities = Float32Array.from(places, (place) => found.similarities[place]!);
  const { plan, provisional } = found;
  return {
    found: { rows, similarities, plan, provisional, ...drawVectors(chosen, dimensions) },
    because: places.map((place) => becauseOf(at(place), vectors, weights))
  };
}

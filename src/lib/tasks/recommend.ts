import { SemblanceError } from '#lib/base/errors.ts';
import { dot, normalise } from '#lib/base/vector.ts';

/**
 * What somebody likes, as one vector: the sum of the vectors times their weights, L2-normalised. With equal
 * weights that is the direction of their mean. Negative weights are dislikes. `vectors` is
 * `weights.length × dimensions`, L2-normalised. Throws `SemblanceError` `no-profile` when nothing is left of
 * it, since likes and dislikes are the same.
 */
export function profileOf(vectors: Float32Array, weights: ArrayLike<number>): Float32Array {
  const dimensions = vectors.length / weights.length;
  // In doubles, so that a long history does not round.
  const sum = new Float64Array(dimensions);
  for (let n = 0; n < weights.length; n++) {
    for (let d = 0; d < dimensions; d++) sum[d]! += vectors[n * dimensions + d]! * weights[n]!;
  }
  const length = Math.hypot(...sum);
  if (!(length > TOO_SHORT)) throw noProfile();
  return normalise(Float32Array.from(sum));
}

/** What rounding leaves of likes and dislikes that cancel each other. */
const TOO_SHORT = 1e-6;

function noProfile(): SemblanceError {
  return new SemblanceError(
    'no-profile',
    'What is liked and what is disliked cancel each other.',
    'Take one of them out, or give them other weights.'
  );
}

/**
 * The places of `count` candidates by maximal marginal relevance: each time the one that is most similar to
 * the question and least to what was chosen already. `diversity` 0 keeps the candidates' order, 1 looks at
 * difference alone. Candidates come by falling similarity; `vectors` is `count × dimensions`, L2-normalised.
 * @see Carbonell & Goldstein, The Use of MMR, Diversity-Based Reranking, SIGIR 1998
 */
export function diversify(
  similarities: Float32Array,
  vectors: Float32Array,
  count: number,
  diversity: number
): number[] {
  if (diversity === 0) return Array.from(similarities.subarray(0, count).keys());
  const dimensions = vectors.length / (similarities.length || 1);
  const at = (n: number) => vectors.subarray(n * dimensions, (n + 1) * dimensions);
  // Similarity to the nearest of those chosen: nothing is near before the first.
  const nearest = new Float64Array(similarities.length).fill(0);
  const chosen: number[] = [];
  const left = new Set(similarities.keys());
  while (chosen.length < count && left.size > 0) {
    let best = -1;
    let bestScore = -Infinity;
    for (const n of left) {
      const score = (1 - diversity) * similarities[n]! - diversity * nearest[n]!;
      if (score > bestScore) [best, bestScore] = [n, score];
    }
    left.delete(best);
    chosen.push(best);
    const vector = at(best);
    for (const n of left) {
      const near = dot(at(n), vector);
      nearest[n] = chosen.length === 1 ? near : Math.max(nearest[n]!, near);
    }
  }
  return chosen;
}

/** The like that speaks most for a recommendation. */
export interface Because {
  /** Its place among the likes and dislikes. */
  liked: number;
  /** Its share of all that speaks for it, from 0 to 1. */
  share: number;
}

/**
 * The like that contributed most to an item's similarity to the profile. A like contributes its weight times
 * its similarity to the item; only what speaks for the item counts. Undefined when nothing does.
 */
export function becauseOf(
  item: Float32Array,
  vectors: Float32Array,
  weights: ArrayLike<number>
): Because | undefined {
  const shares = contributions(item, vectors, weights);
  const liked = shares.reduce((best, share, n) => (share > shares[best]! ? n : best), 0);
  return shares[liked]! > 0 ? { liked, share: shares[liked]! } : undefined;
}

/** What each like contributes to an item, as shares of their sum; zero for dislikes. */
export function contributions(
  item: Float32Array,
  vectors: Float32Array,
  weights: ArrayLike<number>
): number[] {
  const dimensions = item.length;
  const parts = Array.from(weights, (weight, n) => {
    const vector = vectors.subarray(n * dimensions, (n + 1) * dimensions);
    return weight > 0 ? Math.max(0, weight * dot(vector, item)) : 0;
  });
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map((part) => (sum > 0 ? part / sum : 0));
}

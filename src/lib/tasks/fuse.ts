import type { Row } from '#lib/base/ids.ts';

/** A ranking, the best first, and how much it counts. */
export interface Ranking {
  rows: ArrayLike<Row>;
  /** Not negative; one that weighs nothing adds no rows. */
  weight: number;
}

/** Rows by falling score. */
export interface FusedRanking {
  rows: Uint32Array<ArrayBuffer>;
  scores: Float64Array<ArrayBuffer>;
  /** For each row its place in each of the rankings, from 1; undefined where it is in none. */
  ranks: (number | undefined)[][];
}

/** Softens the lead of the first places; the value of the paper. */
const K = 60;

/**
 * The `count` best rows of several rankings by reciprocal rank fusion: a row scores weight / (60 + place)
 * in each ranking that has it. Places, unlike scores, can be compared between rankings of different
 * kinds. Equal scores are ordered by row.
 * @see Cormack, Clarke & Büttcher, Reciprocal Rank Fusion Outperforms Condorcet, SIGIR 2009
 */
export function fuse(rankings: Ranking[], count: number): FusedRanking {
  const scores = new Map<Row, number>();
  const places = rankings.map(({ rows, weight }) => {
    const placeOf = new Map<Row, number>();
    for (let n = 0; n < rows.length; n++) {
      const row = rows[n]!;
      placeOf.set(row, n + 1);
      if (weight > 0) scores.set(row, (scores.get(row) ?? 0) + weight / (K + n + 1));
    }
    return placeOf;
  });
  const best = [...scores].sort(([a, x], [b, y]) => y - x || a - b).slice(0, count);
  return {
    rows: Uint32Array.from(best, ([row]) => row),
    scores: Float64Array.from(best, ([, score]) => score),
    ranks: best.map(([row]) => places.map((placeOf) => placeOf.get(row)))
  };
}

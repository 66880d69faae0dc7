import { makeBreather } from '#lib/base/breathe.ts';

/** Lengths at which text-embedding-3 vectors are offered by OpenAI's own interface. */
const PREFIXES = [256, 512, 1024];
/** True neighbours of each question: a page of results. */
const NEIGHBOURS = 10;
/** Candidates that a search takes from the graph and re-scores when it over-fetches tenfold. */
const RANKS = 10 * NEIGHBOURS;
/** Share of the true neighbours that must be among these candidates. */
const ENOUGH = 0.99;
const QUESTIONS = 40;
const MOST_ROWS = 20_000;
/** Multiplications that take one to two seconds in JavaScript. */
const MOST_PRODUCTS = 0.8e9;

/** Fewer rows than this say nothing: {@link RANKS} would be too large a share of them. */
export const FEWEST_PROBED = 20 * RANKS;

/** What one prefix was found to be worth. */
export interface PrefixEvidence {
  dimensions: number;
  /** Share of the true ten nearest among the first hundred by this prefix. */
  found: number;
}

/** The dimensions to build a graph on, and what speaks for them. */
export interface ChosenDimensions {
  dimensions: number;
  /** From the shortest prefix up; none when there were too few rows, or too few dimensions. */
  evidence: PrefixEvidence[];
}

/** How many rows of vectors with so many dimensions {@link chooseDimensions} looks at. */
export function probedRows(fullDimensions: number): number {
  return Math.min(MOST_ROWS, Math.floor(MOST_PRODUCTS / (QUESTIONS * fullDimensions)));
}

/**
 * Finds the shortest prefix that a graph may compare in place of whole vectors, by asking a sample of
 * the collection's own vectors (`n × fullDimensions`, row-major, L2-normalised): forty of them are
 * questions, their ten nearest by all dimensions the truth, and a prefix will do when its first
 * hundred ranks hold 99 % of them. Otherwise, or with fewer than {@link FEWEST_PROBED} vectors, all
 * dimensions are used. Prefixes shorter than `fewest` are not considered.
 *
 * The numbers come from how a search goes on, not from any data: it takes up to ten candidates of the
 * graph for each result and re-scores them with whole vectors, so what counts is whether the true ones
 * are among a hundred, not their order there. Forty questions have 400 true neighbours, so that 99 %
 * allows four misses and one more is no accident of a single question; what the graph itself misses
 * comes on top. A prefix longer than half would save too little to be worth any loss. How many
 * candidates are taken in the end is measured later, on the graph as built.
 */
export async function chooseDimensions(
  vectors: Float32Array,
  fullDimensions: number,
  fewest = 0
): Promise<ChosenDimensions> {
  const count = vectors.length / fullDimensions;
  const prefixes = PREFIXES.filter((n) => n >= fewest && n <= fullDimensions / 2);
  if (count < FEWEST_PROBED || prefixes.length === 0) {
    return { dimensions: fullDimensions, evidence: [] };
  }
  const lengths = prefixLengths(vectors, fullDimensions, prefixes);
  const scores = [...prefixes, fullDimensions].map(() => new Float32Array(count));
  const hits = prefixes.map(() => 0);
  const breathe = makeBreather();
  for (let question = 0; question < QUESTIONS; question++) {
    const asked = Math.floor((question * count) / QUESTIONS);
    compare(vectors, fullDimensions, asked, prefixes, scores);
    scores.forEach((some, p) => some.forEach((score, i) => (some[i] = score / lengths[p]![i]!)));
    const trueScores = scores.at(-1)!;
    const truth = nearestBy(trueScores, asked);
    prefixes.forEach((_, p) => (hits[p]! += countRanked(scores[p]!, trueScores, truth, asked)));
    await breathe();
  }
  const evidence = prefixes.map((dimensions, p) => ({
    dimensions,
    found: hits[p]! / (QUESTIONS * NEIGHBOURS)
  }));
  const chosen = evidence.find(({ found }) => found >= ENOUGH);
  return { dimensions: chosen?.dimensions ?? fullDimensions, evidence };
}

/** Lengths of every vector's prefixes, and of the whole, which is one; never zero. */
function prefixLengths(vectors: Float32Array, full: number, prefixes: number[]): Float32Array[] {
  const count = vectors.length / full;
  const lengths = [...prefixes, full].map(() => new Float32Array(count).fill(1));
  for (let i = 0; i < count; i++) {
    let squares = 0;
    let d = 0;
    prefixes.forEach((end, p) => {
      for (; d < end; d++) squares += vectors[i * full + d]! ** 2;
      lengths[p]![i] = Math.sqrt(squares) || 1;
    });
  }
  return lengths;
}

/** Products of one vector with every vector, up to the end of each prefix and of the whole. */
function compare(
  vectors: Float32Array,
  full: number,
  asked: number,
  prefixes: number[],
  scores: Float32Array[]
): void {
  const ends = [...prefixes, full];
  const question = vectors.slice(asked * full, (asked + 1) * full);
  for (let i = 0, start = 0; start < vectors.length; i++, start += full) {
    let sum = 0;
    let d = 0;
    for (let p = 0; p < ends.length; p++) {
      const end = ends[p]!;
      let [a, b, c, e] = [0, 0, 0, 0];
      for (const whole = end - 3; d < whole; d += 4) {
        a += vectors[start + d]! * question[d]!;
        b += vectors[start + d + 1]! * question[d + 1]!;
        c += vectors[start + d + 2]! * question[d + 2]!;
        e += vectors[start + d + 3]! * question[d + 3]!;
      }
      for (; d < end; d++) a += vectors[start + d]! * question[d]!;
      sum += a + b + c + e;
      scores[p]![i] = sum;
    }
  }
}

/** The places of the ten highest scores, the highest first, the question left out. */
function nearestBy(scores: Float32Array, asked: number): number[] {
  const nearest: number[] = [];
  scores.forEach((score, i) => {
    if (i === asked) return;
    let rank = nearest.length;
    while (rank > 0 && score > scores[nearest[rank - 1]!]!) rank--;
    if (rank >= NEIGHBOURS) return;
    nearest.splice(rank, 0, i);
    if (nearest.length > NEIGHBOURS) nearest.pop();
  });
  return nearest;
}

/**
 * How many of `truth` are among the first {@link RANKS} by the scores of a prefix, the question left
 * out. Of equal scores the truly less similar come first: what a prefix can't tell apart, it has not
 * found; equal vectors are as good as each other.
 */
function countRanked(
  scores: Float32Array,
  trueScores: Float32Array,
  truth: number[],
  asked: number
): number {
  const before = new Uint32Array(truth.length);
  const own = Float32Array.from(truth, (i) => scores[i]!);
  const trulyOwn = Float32Array.from(truth, (i) => trueScores[i]!);
  scores.forEach((score, i) => {
    if (i === asked) return;
    for (let t = 0; t < own.length; t++) {
      if (score > own[t]! || (score === own[t] && trueScores[i]! < trulyOwn[t]!)) before[t]!++;
    }
  });
  return before.filter((ranks) => ranks < RANKS).length;
}

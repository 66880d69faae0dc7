import { GENERATORS } from './data-sets.ts';
import type { RealVectors } from './real-vectors.ts';
import type { Candidate, DataSpec } from './types.ts';

/** What can be measured: systems with their ways to search. */
export const CANDIDATES: Candidate[] = [
  ...['exact-f32', 'exact-int8', 'exact-int8-simd', 'hnsw', 'automatic'].map((method) => ({
    system: 'semblance',
    method
  })),
  { system: 'hnswlib-wasm', method: 'efSearch 32', ladder: [32, 64, 100, 200, 400, 800] },
  { system: 'mememo', method: 'default' },
  { system: 'edgevec', method: 'hnsw', also: ['bits'] },
  { system: 'javascript', method: 'loop' }
];

/** Names of the systems. */
export const SYSTEMS = [...new Set(CANDIDATES.map(({ system }) => system))];

const SIZES = [
  ...[1000, 10_000, 100_000].map((n) => ({ n, dim: 1536 })),
  ...[10_000, 100_000].map((n) => ({ n, dim: 384 }))
];

/** What the command line chose; undefined where it left the choice. */
export interface Choice {
  n?: number[];
  dim?: number[];
  /** Names of generators. */
  data?: string[];
  real?: RealVectors;
}

/**
 * The sets of vectors to measure on, small ones first. Of the usual sizes those that were chosen; a
 * number that none of them has is taken with every dimension (or number) chosen, or with 1,536.
 */
export function chooseData({ n, dim, data, real }: Choice): DataSpec[] {
  if (real) {
    const { data, dim } = real;
    return (n ?? [real.n]).map((n) => ({ data, n: Math.min(n, real.n), dim }));
  }
  const usual = SIZES.filter((size) => n?.includes(size.n) ?? dim?.includes(size.dim) ?? true);
  const ns = n ?? SIZES.filter((size) => size.dim === 1536).map((size) => size.n);
  const asked = ns.flatMap((n) => (dim ?? [1536]).map((dim) => ({ n, dim })));
  const sizes = (n && dim) || usual.length === 0 ? asked : usual;
  return sizes
    .toSorted((a, b) => a.dim - b.dim || a.n - b.n)
    .flatMap((size) => (data ?? Object.keys(GENERATORS)).map((data) => ({ data, ...size })));
}

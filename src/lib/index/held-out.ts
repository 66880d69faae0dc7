import type { Row } from '#lib/base/ids.ts';

/** In a collection of fewer rows a graph is built in a moment and hardly asked. */
const FIRST_ROW = 2048;
/** From this row on few are held out, so that they stay few in a large collection. */
const SPARSE_FROM = 65_536;
const SHARE = 64;
const SPARSE_SHARE = 1024;

/**
 * Whether a row is kept out of the HNSW graph, so that the graph can be measured with vectors that it
 * does not hold, as a reader's questions are: one that it holds is found by being compared with
 * itself, at the end of links that were made for it. Searches compare these rows one by one, so they
 * are few: none below row 2,048, about 1,000 below row 65,536, and about 1,000 of every million more.
 * It depends on the row's number alone: every session, tab and copy of a graph agrees.
 */
export function isHeldOut(row: Row): boolean {
  if (row < FIRST_ROW) return false;
  return mix(row) % (row < SPARSE_FROM ? SHARE : SPARSE_SHARE) === 0;
}

/** The 32-bit finaliser of MurmurHash3 (public domain, Austin Appleby). */
function mix(n: number): number {
  let hash = n;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

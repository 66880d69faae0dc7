/** The rest is left to the vectors, the page, and whatever else runs. */
const SHARE = 1 / 2;
/** Browsers that do not tell have at least so much, in GiB. */
const UNTOLD_MEMORY = 4;

/** Bytes that all parts of a collection's HNSW graph may take together, by this machine's memory. */
export function graphBudget(): number {
  // Not in TypeScript's library: only Chromium tells.
  const { deviceMemory = UNTOLD_MEMORY } = navigator as { deviceMemory?: number };
  return deviceMemory * 2 ** 30 * SHARE;
}

/**
 * The share of `sorted` (rising) that lies below `value`, from 0 to 1; equals count half, so that a value
 * among many alike stands in their middle. NaN of no values.
 */
export function shareBelow(sorted: Float32Array, value: number): number {
  const below = firstAtLeast(sorted, value);
  let equal = 0;
  while (sorted[below + equal] === value) equal++;
  return (below + equal / 2) / sorted.length;
}

/**
 * Where a similarity lies among those of a collection's pairs, in words: `closer than 99.7 % of random
 * pairs`. Never all or none for what lies between; null when there are too few pairs to tell.
 */
export function inContext(pairs: Float32Array, similarity: number): string | null {
  if (pairs.length < FEWEST_PAIRS) return null;
  if (similarity > pairs.at(-1)!) return 'closer than any random pair';
  if (similarity < pairs[0]!) return 'further than any random pair';
  const percent = 100 * shareBelow(pairs, similarity);
  const shown = Math.min(99.9, Math.max(0.1, percent));
  const digits = shown < 99 && shown > 1 ? 0 : 1;
  return `closer than ${shown.toFixed(digits)}\u00a0% of random pairs`;
}

/** With 45 pairs (ten items) a percentage begins to mean something. */
const FEWEST_PAIRS = 45;

function firstAtLeast(sorted: Float32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

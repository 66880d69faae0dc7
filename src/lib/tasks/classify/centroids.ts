/**
 * Similarities of items to the centroids of their classes, as they would be if an item's own vector were left
 * out of its class's mean: what a nearest-centroid classifier is judged by without a second collection.
 *
 * `similarities` is `items × classes`, of every item to each centroid (the normalised mean of the class);
 * `classOf` tells an item's class, negative where it has none. With the class's sum S of n unit vectors and
 * the centroid m = S / |S|, the sum of the items' similarities to m is |S|; so for an item v of the class
 * v · (S - v) / |S - v| = (|S| s - 1) / √(|S|² - 2 |S| s + 1). Alone in its class, it is as far as can be: -1.
 */
export function leaveSelfOut(
  similarities: Float32Array,
  classes: number,
  classOf: (item: number) => number
): Float32Array<ArrayBuffer> {
  const left = Float32Array.from(similarities);
  const items = classes === 0 ? 0 : similarities.length / classes;
  const lengths = new Float64Array(classes);
  const sizes = new Uint32Array(classes);
  for (let item = 0; item < items; item++) {
    const own = classOf(item);
    if (own < 0) continue;
    lengths[own]! += similarities[item * classes + own]!;
    sizes[own]!++;
  }
  for (let item = 0; item < items; item++) {
    const own = classOf(item);
    if (own < 0) continue;
    const at = item * classes + own;
    const length = lengths[own]!;
    const dot = length * similarities[at]!;
    const rest = length * length - 2 * dot + 1;
    left[at] = sizes[own] === 1 || rest <= 0 ? -1 : (dot - 1) / Math.sqrt(rest);
  }
  return left;
}

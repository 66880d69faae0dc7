/** A point of a precision–recall curve: what one gets who takes all items of at least this score. */
export interface CurvePoint {
  threshold: number;
  precision: number;
  recall: number;
}

/** A precision–recall curve by falling threshold, and the area below it. */
export interface PrecisionRecall {
  points: CurvePoint[];
  /** Average precision: the precisions, weighted by how much recall each adds. */
  average: number;
}

/**
 * The precision–recall curve of a class, from the scores of the items that are of it and of those that are not;
 * items of one score share a threshold. As `precision_recall_curve` and `average_precision_score` of
 * scikit-learn, but for the curve's artificial last point (precision 1, recall 0). Null when no item is of the
 * class, or all are.
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html
 */
export function precisionRecall(
  ofClass: Float32Array | Float64Array,
  ofOthers: Float32Array | Float64Array
): PrecisionRecall | null {
  if (ofClass.length === 0 || ofOthers.length === 0) return null;
  // Sorted as numbers, without a comparing function, a hundred thousand take some ten milliseconds.
  const [own, others] = [ofClass.slice().sort(), ofOthers.slice().sort()];
  let [ownLeft, othersLeft] = [own.length, others.length];
  let [average, lastRecall] = [0, 0];
  const points: CurvePoint[] = [];
  while (ownLeft + othersLeft > 0) {
    const threshold = Math.max(own[ownLeft - 1] ?? -Infinity, others[othersLeft - 1] ?? -Infinity);
    while (own[ownLeft - 1] === threshold) ownLeft--;
    while (others[othersLeft - 1] === threshold) othersLeft--;
    const right = own.length - ownLeft;
    const precision = right / (right + others.length - othersLeft);
    const recall = right / own.length;
    average += (recall - lastRecall) * precision;
    lastRecall = recall;
    points.push({ threshold, precision, recall });
  }
  return { points, average };
}

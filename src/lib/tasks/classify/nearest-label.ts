/** What each item was taken for; places are those of the labels. */
export interface Predicted {
  /** The label of each item. */
  labels: Uint16Array<ArrayBuffer>;
  /** How much speaks for it: a similarity, or a share of the votes. */
  scores: Float32Array<ArrayBuffer>;
  /** By how much it is ahead of the next label; the score itself where there is but one. */
  margins: Float32Array<ArrayBuffer>;
}

/**
 * The best label of each item by `scores` (`items × labels`, row-major); of equals the first. Where there are
 * no labels, there are no items either.
 */
export function bestLabels(scores: Float32Array, labels: number): Predicted {
  const items = labels === 0 ? 0 : scores.length / labels;
  const best: Predicted = {
    labels: new Uint16Array(items),
    scores: new Float32Array(items),
    margins: new Float32Array(items)
  };
  for (let item = 0; item < items; item++) {
    const from = item * labels;
    let first = -Infinity;
    let second = -Infinity;
    let label = 0;
    for (let n = 0; n < labels; n++) {
      const score = scores[from + n]!;
      if (score > first) {
        second = first;
        first = score;
        label = n;
      } else if (score > second) second = score;
    }
    best.labels[item] = label;
    best.scores[item] = first;
    best.margins[item] = labels === 1 ? first : first - second;
  }
  return best;
}

/** How well one class was told. */
export interface ClassMetrics {
  label: string;
  /** Of the items taken for it, the share that are it; 0 where none was. */
  precision: number;
  /** Of the items that are it, the share that were taken for it; 0 where none is. */
  recall: number;
  /** Harmonic mean of the two; 0 where both are. */
  f1: number;
  /** Items that are it. */
  support: number;
}

/** How well labels were told. */
export interface Evaluation {
  /** Share of items that were told right. */
  accuracy: number;
  right: number;
  total: number;
  /** Mean of the classes' F1, each class counting the same. */
  macroF1: number;
  classes: ClassMetrics[];
  /** Items by what they are (rows) and what they were taken for (columns), in the classes' order. */
  confusion: number[][];
}

/**
 * Judges predicted labels by the true ones, item by item; both are places in `labels`, which names each once.
 * Classes are the labels that occur on either side, by name. Numbers are scikit-learn's: `accuracy_score`,
 * `precision_recall_fscore_support` and `f1_score(average='macro')` with `zero_division=0`, `confusion_matrix`.
 * @see https://scikit-learn.org/stable/modules/model_evaluation.html
 */
export function evaluate(
  labels: readonly string[],
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>
): Evaluation {
  const { length } = labels;
  const counts = new Uint32Array(length * length);
  const occurs = new Uint8Array(length);
  for (let n = 0; n < truth.length; n++) {
    const [is, taken] = [truth[n]!, predicted[n]!];
    counts[is * length + taken]!++;
    occurs[is] = occurs[taken] = 1;
  }
  const used = [...labels.keys()]
    .filter((place) => occurs[place])
    .sort((a, b) => byCodePoint(labels[a]!, labels[b]!));
  const confusion = used.map((is) => used.map((taken) => counts[is * length + taken]!));
  const classes = used.map((place, n): ClassMetrics => {
    const right = confusion[n]![n]!;
    const support = sum(confusion[n]!);
    const taken = sum(confusion.map((row) => row[n]!));
    const [precision, recall] = [share(right, taken), share(right, support)];
    const f1 = share(2 * right, support + taken);
    return { label: labels[place]!, precision, recall, f1, support };
  });
  const right = sum(used.map((_, n) => confusion[n]![n]!));
  return {
    accuracy: share(right, truth.length),
    right,
    total: truth.length,
    macroF1: share(sum(classes.map(({ f1 }) => f1)), classes.length),
    classes,
    confusion
  };
}

/** As Python sorts texts. */
function byCodePoint(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  for (let n = 0; n < Math.min(x.length, y.length); n++) {
    const order = x[n]!.codePointAt(0)! - y[n]!.codePointAt(0)!;
    if (order !== 0) return order;
  }
  return x.length - y.length;
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

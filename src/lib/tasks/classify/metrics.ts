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
 * Judges predicted labels by the true ones. Classes are those that occur on either side, by name. Numbers are
 * scikit-learn's: `accuracy_score`, `precision_recall_fscore_support` and `f1_score(average='macro')` with
 * `zero_division=0`, `confusion_matrix`.
 * @see https://scikit-learn.org/stable/modules/model_evaluation.html
 */
export function evaluate(truth: string[], predicted: string[]): Evaluation {
  const names = [...new Set([...truth, ...predicted])].sort(byCodePoint);
  const placeOf = new Map(names.map((name, n) => [name, n]));
  const confusion = names.map(() => names.map(() => 0));
  truth.forEach((label, n) => confusion[placeOf.get(label)!]![placeOf.get(predicted[n]!)!]!++);
  const classes = names.map((label, n): ClassMetrics => {
    const right = confusion[n]![n]!;
    const support = sum(confusion[n]!);
    const taken = sum(confusion.map((row) => row[n]!));
    const [precision, recall] = [share(right, taken), share(right, support)];
    return { label, precision, recall, f1: share(2 * right, support + taken), support };
  });
  const right = sum(names.map((_, n) => confusion[n]![n]!));
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
 * The precision–recall curve of scores for a class; items of one score share a threshold. As
 * `precision_recall_curve` and `average_precision_score` of scikit-learn, but for the curve's artificial last
 * point. Null when no item is of the class, or none is not.
 */
export function precisionRecall(
  isIt: boolean[],
  scores: ArrayLike<number>
): PrecisionRecall | null {
  const positives = isIt.filter(Boolean).length;
  if (positives === 0 || positives === isIt.length) return null;
  const order = [...isIt.keys()].sort((a, b) => scores[b]! - scores[a]!);
  const points: CurvePoint[] = [];
  let [right, average, lastRecall] = [0, 0, 0];
  order.forEach((item, n) => {
    if (isIt[item]) right++;
    const threshold = scores[item]!;
    const next = order[n + 1];
    if (next !== undefined && scores[next] === threshold) return;
    const [precision, recall] = [right / (n + 1), right / positives];
    average += (recall - lastRecall) * precision;
    lastRecall = recall;
    points.push({ threshold, precision, recall });
  });
  return { points, average };
}

import type { FieldValues } from '#lib/collection/table/field-values.ts';
import { evaluate, type Evaluation } from '#lib/tasks/classify/metrics.ts';
import { precisionRecall, type PrecisionRecall } from '#lib/tasks/classify/precision-recall.ts';
import { placesUpTo, type Classified, type ClassifyRun } from './classifying.ts';

/** The true labels of items that were classified. */
export interface Truth {
  values: string[];
  /** By place of the item: 1 + the index of its label; 0 where it has none. */
  of: Uint32Array;
}

/** How one run did, by the true labels. */
export interface Judged {
  evaluation: Evaluation;
  /** The precision–recall curve for the first of two classes; null for more. */
  curve: (PrecisionRecall & { label: string }) | null;
}

/** What the values of a field say of rows. */
export function trueLabels(rows: Uint32Array, { values, of }: FieldValues): Truth {
  return { values, of: rows.map((row) => of[row] ?? 0) };
}

/** The true label of the item at a place; null where it has none. */
export function trueLabel({ values, of }: Truth, place: number): string | null {
  return values[of[place]! - 1] ?? null;
}

/** Judges each run by the items that have a true label, of those a fair judgement is about. */
export function judge({ rows, labels, runs, judged }: Classified, truth: Truth): Judged[] {
  const places = (judged ?? placesUpTo(rows.length)).filter((n) => truth.of[n]);
  const names = [...new Set([...labels, ...truth.values])];
  const placeOf = truth.values.map((value) => names.indexOf(value));
  const actual = places.map((n) => placeOf[truth.of[n]! - 1]!);
  return runs.map((run) => {
    const evaluation = evaluate(
      names,
      actual,
      places.map((n) => run.labels[n]!)
    );
    return {
      evaluation,
      curve: labels.length === 2 ? curveOf(run, labels[0]!, places, actual) : null
    };
  });
}

/** The curve of the first of two labels (the first of all names): an item's score is its lead over the second. */
function curveOf(
  { all }: ClassifyRun,
  label: string,
  places: Uint32Array,
  actual: Uint32Array
): Judged['curve'] {
  const leads = new Float32Array(places.length);
  places.forEach((n, i) => (leads[i] = all[2 * n]! - all[2 * n + 1]!));
  const curve = precisionRecall(
    leads.filter((_, i) => actual[i] === 0),
    leads.filter((_, i) => actual[i] !== 0)
  );
  return curve && { ...curve, label };
}

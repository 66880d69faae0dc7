import type { Classified, ClassifyRun } from './classifying.ts';

/** Which predictions are shown, and in which order. */
export interface Shown {
  order: 'items' | 'unsure' | 'sure';
  /** Only those taken for this label. */
  label: string | null;
  /** Only those of one cell of the confusion matrix. */
  cell: { actual: string; predicted: string } | null;
}

/** The places of the items to show, of those that were classified. */
export function placesToShow(
  { rows, labels, judged }: Classified,
  run: ClassifyRun,
  truth: readonly (string | null)[] | null,
  { order, label, cell }: Shown
): number[] {
  const wanted = cell?.predicted ?? label;
  const among = cell ? (judged ?? rows.keys()) : rows.keys();
  const places = [...among].filter(
    (n) =>
      (wanted === null || labels[run.labels[n]!] === wanted) &&
      (!cell || truth?.[n] === cell.actual)
  );
  const { margins } = run;
  if (order === 'unsure') places.sort((a, b) => margins[a]! - margins[b]!);
  if (order === 'sure') places.sort((a, b) => margins[b]! - margins[a]!);
  return places;
}

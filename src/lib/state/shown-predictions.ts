import { placesUpTo, type Classified, type ClassifyRun } from './classifying.ts';
import type { Truth } from './judging.ts';

/** Which predictions are shown, and in which order. */
export interface Shown {
  order: 'items' | 'unsure' | 'sure';
  /** Only those taken for this label. */
  label: string | null;
  /** Only those of one cell of the confusion matrix. */
  cell: { actual: string; predicted: string } | null;
}

/** Places of the first items to show, and how many there are in all. */
export interface ShownPlaces {
  places: Uint32Array;
  total: number;
}

/** The places of the first `most` items to show, of those that were classified. */
export function placesToShow(
  { rows, labels, judged }: Classified,
  run: ClassifyRun,
  truth: Truth | null,
  { order, label, cell }: Shown,
  most: number
): ShownPlaces {
  const wanted = cell?.predicted ?? label;
  const taken = wanted === null ? -1 : labels.indexOf(wanted);
  const actual = cell && truth ? 1 + truth.values.indexOf(cell.actual) : 0;
  const among = (cell && judged) || placesUpTo(rows.length);
  const places = among.filter(
    (n) => (wanted === null || run.labels[n] === taken) && (!cell || truth?.of[n] === actual)
  );
  const first = order === 'items' ? places : leading(places, run.margins, order, most);
  return { places: first.slice(0, most), total: places.length };
}

/**
 * The places with the `most` smallest margins (largest for `sure`), in this order; of equals those that stand
 * first. Sorting all of many items by a comparison would hold up the page: margins alone sort fast.
 */
function leading(
  places: Uint32Array,
  margins: Float32Array,
  order: 'unsure' | 'sure',
  most: number
): Uint32Array {
  const sign = order === 'unsure' ? 1 : -1;
  const keys = new Float32Array(places.length);
  places.forEach((n, i) => (keys[i] = sign * margins[n]!));
  keys.sort();
  const last = keys[Math.min(most, keys.length) - 1] ?? 0;
  const below = places.filter((n) => sign * margins[n]! < last);
  const equal = places.filter((n) => sign * margins[n]! === last).slice(0, most - below.length);
  const inOrder = below.sort((a, b) => sign * (margins[a]! - margins[b]!) || a - b);
  const all = new Uint32Array(inOrder.length + equal.length);
  all.set(inOrder);
  all.set(equal, inOrder.length);
  return all;
}

/** How many items' lead over the next label is below a margin: none where it is 0. */
export function countUnsure({ margins }: ClassifyRun, below: number): number {
  let unsure = 0;
  for (let n = 0; n < margins.length; n++) if (margins[n]! < below) unsure++;
  return unsure;
}

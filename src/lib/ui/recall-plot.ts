import { recallPercent } from '#lib/base/format.ts';
import type { MeasuredWay } from '#lib/index/types.ts';
import { wayName } from './index-words.ts';

/** A way to search in the plot of recall against time, in pixels. */
export interface PlotPoint {
  key: string;
  /** Empty where there is no room for it. */
  label: string;
  x: number;
  y: number;
  /** Where the label stands, and from where it runs. */
  labelX: number;
  labelY: number;
  anchor: 'start' | 'middle' | 'end';
  hnsw: boolean;
}

/** A tick of an axis. */
export interface Tick {
  at: number;
  text: string;
}

/** The plot: what to draw, in a box of `width` × `height` pixels. */
export interface Plot {
  points: PlotPoint[];
  /** Through the points of HNSW, by rising efSearch; empty for fewer than two. */
  line: string;
  xTicks: Tick[];
  yTicks: Tick[];
  /** The box of the axes. */
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const MARGIN = { left: 46, right: 12, top: 42, bottom: 30 };
const LABEL_HEIGHT = 15;
/** About how wide a letter of a label is. */
const LETTER = 6.2;
/** Where a label may stand, in pixels below its point, the best first. */
const BELOW_FIRST = [20, -12, 34, -27];
const ABOVE_FIRST = [-12, 20, -27, 34];
/** Where the axis of recall may begin, and how far apart its ticks are then. */
const FLOORS = [0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0];
const TICK_STEPS = [0.01, 0.02, 0.05, 0.1, 0.1, 0.1, 0.2];

/**
 * Lays out recall (linear) against median time (logarithmic, milliseconds). Automatic is left out: it
 * takes one of the other ways. Labels keep off each other; the highlighted way's comes first, and one
 * without a free place is left out.
 */
export function layOut(
  ways: MeasuredWay[],
  width: number,
  height: number,
  highlighted: string | null = null
): Plot {
  const shown = ways.filter(({ asked, p50Ms }) => asked !== 'automatic' && Number.isFinite(p50Ms));
  const left = MARGIN.left;
  const right = Math.max(left + 1, width - MARGIN.right);
  const top = MARGIN.top;
  const bottom = Math.max(top + 1, height - MARGIN.bottom);

  // Times below what a clock tells are drawn at its edge.
  const times = shown.map(({ p50Ms }) => Math.max(0.01, p50Ms));
  const fast = Math.min(1, ...times) / 1.4;
  const slow = Math.max(fast * 10, 1.4 * Math.max(...times, 0));
  const xOf = (ms: number) => left + ((right - left) * Math.log(ms / fast)) / Math.log(slow / fast);
  const lowest = Math.min(...shown.map(({ recall }) => recall));
  const floor = FLOORS.find((floor) => floor <= lowest) ?? 0;
  const yOf = (recall: number) => bottom - ((bottom - top) * (recall - floor)) / (1 - floor);

  const bare = shown.map((way, n) => ({ way, x: xOf(times[n]!), y: yOf(way.recall) }));
  const taken = bare.map(({ x, y }): Box => ({ from: x - 5, to: x + 5, y: y + 4 }));
  const places = new Map<MeasuredWay, Place & { label: string }>();
  const urgency = (way: MeasuredWay) =>
    keyOf(way) === highlighted ? 0 : way.method === 'exact' ? 1 : 2;
  for (const { way, x, y } of bare.toSorted((a, b) => urgency(a.way) - urgency(b.way))) {
    const hnsw = way.method === 'hnsw';
    const label = hnsw ? `ef ${way.efSearch}` : wayName(way);
    places.set(way, placeLabel({ x, y, label, hnsw, left, right, bottom }, taken));
  }
  const points = bare.map(({ way, x, y }): PlotPoint => ({
    ...{ key: keyOf(way), x, y, hnsw: way.method === 'hnsw' },
    ...places.get(way)!
  }));
  const curve = points.filter(({ hnsw }) => hnsw);
  return {
    points,
    line: curve.length < 2 ? '' : curve.map(({ x, y }) => `${round(x)},${round(y)}`).join(' '),
    xTicks: timeTicks(fast, slow, (right - left) / 44).map((ms) => ({
      at: xOf(ms),
      text: `${ms}`
    })),
    yTicks: recallTicks(floor).map((recall) => ({ at: yOf(recall), text: recallPercent(recall) })),
    left,
    right,
    top,
    bottom
  };
}

/** What tells a measured way from the others. */
export function keyOf({ asked, method, precision, efSearch }: MeasuredWay): string {
  if (asked === 'automatic') return 'automatic';
  return method === 'hnsw' ? `hnsw ${efSearch}` : `exact ${precision}`;
}

/** What is taken: from left to right, and the baseline of a text as high as this. */
interface Box {
  from: number;
  to: number;
  y: number;
}

type Place = Pick<PlotPoint, 'label' | 'labelX' | 'labelY' | 'anchor'>;

interface Unplaced {
  x: number;
  y: number;
  label: string;
  hnsw: boolean;
  left: number;
  right: number;
  bottom: number;
}

/** HNSW's labels stand below their points, the others' above; each moves on until it is free. */
function placeLabel({ x, y, label, hnsw, left, right, bottom }: Unplaced, taken: Box[]): Place {
  const wide = label.length * LETTER;
  const anchor = x - wide / 2 < left ? 'start' : x + wide / 2 > right ? 'end' : 'middle';
  const labelX = anchor === 'start' ? x - 4 : anchor === 'end' ? x + 4 : x;
  const from = anchor === 'start' ? labelX : anchor === 'end' ? labelX - wide : labelX - wide / 2;
  const isFree = (at: number) =>
    at < bottom - 2 &&
    at > LABEL_HEIGHT - 6 &&
    !taken.some(
      (box) => Math.abs(box.y - at) < LABEL_HEIGHT - 3 && from < box.to && from + wide > box.from
    );
  const steps = hnsw ? BELOW_FIRST : ABOVE_FIRST;
  const step = steps.find((step) => isFree(y + step));
  if (step === undefined) return { label: '', labelX, labelY: y, anchor };
  taken.push({ from: from - 3, to: from + wide + 3, y: y + step });
  return { label, labelX, labelY: y + step, anchor };
}

/** 1, 2 and 5 of every power of ten in between, or only the powers where those are too many. */
function timeTicks(from: number, to: number, most: number): number[] {
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(from)); 10 ** power <= to; power++) {
    for (const digit of [1, 2, 5]) {
      const tick = Number((digit * 10 ** power).toPrecision(1));
      if (tick >= from && tick <= to) all.push(tick);
    }
  }
  if (all.length <= most) return all;
  return all.filter((tick) => Number.isInteger(Math.round(1e6 * Math.log10(tick)) / 1e6));
}

function recallTicks(floor: number): number[] {
  const step = TICK_STEPS[FLOORS.indexOf(floor)]!;
  const ticks: number[] = [];
  for (let tick = 1; tick >= floor - 1e-9; tick -= step) ticks.push(Number(tick.toFixed(2)));
  return ticks;
}

function round(pixels: number): number {
  return Math.round(10 * pixels) / 10;
}

import { TARGET_RECALL } from './plan.ts';
import type {
  GraphFacts,
  GraphStatus,
  GraphTuning,
  IndexSettings,
  MeasuredWay,
  Measurement
} from './types.ts';

/**
 * Until the reader says otherwise. M = 16 is what hnswlib proposes. More than efConstruction = 40 buys
 * little: 20,000 × 1536 of either kind of vectors in tests/bench, efSearch 64, gave recall@10 .993 and
 * .998 with 40, .995 and 1.000 with 200, which took three and seven times as long to build. Where texts
 * are nearly alike it would buy more (6,000 made from a few patterns, efSearch 512: .94 and .99), but
 * there comparing with all is as fast, and Automatic does that.
 */
export const DEFAULT_INDEX_SETTINGS: IndexSettings = {
  choice: { dimensions: 'automatic', M: 16, efConstruction: 40 },
  measurement: null
};

/**
 * Settings with a measurement, and with what it teaches: dimensions at which even the best way to ask
 * the graph found less than is wanted are too few for it, unless they are all there are.
 */
export function withMeasurement(
  settings: IndexSettings,
  measurement: Measurement,
  fullDimensions: number
): IndexSettings {
  const { tuning, graph } = measurement;
  const measured = { ...settings, measurement };
  if (!graph || !tuning || settings.choice.dimensions !== 'automatic') return measured;
  if (tuning.recall >= TARGET_RECALL || graph.dimensions >= fullDimensions) return measured;
  const fewestDimensions = Math.max(settings.fewestDimensions ?? 0, graph.dimensions + 1);
  return { ...measured, fewestDimensions };
}

/** A collection that has grown by more than this since it was measured is measured again. */
const GROWTH = 1.5;

/**
 * Recall that the graph is tuned to: more than is wanted, since a few hundred neighbours tell a recall only to
 * about a percent, and the cheapest way that seems good is more likely than not a lucky one.
 */
export const AIM = (1 + TARGET_RECALL) / 2;

/**
 * Whether one way to ask the graph is to be preferred to another: the faster of two that find as much as
 * is aimed at, or at least as much as is wanted; else the one that finds more.
 */
export function isBetter(
  a: Pick<MeasuredWay, 'recall' | 'p50Ms'>,
  b: Pick<MeasuredWay, 'recall' | 'p50Ms'>
): boolean {
  const [rank, other] = [rankOf(a.recall), rankOf(b.recall)];
  if (rank !== other) return rank > other;
  return rank > 0 ? a.p50Ms < b.p50Ms : a.recall > b.recall;
}

function rankOf(recall: number): number {
  return Number(recall >= AIM) + Number(recall >= TARGET_RECALL);
}

/** How to ask a graph by what was measured; null when it was another graph, or much smaller. */
export function tuningFor(
  measurement: Measurement | null,
  { state, generation = 0, graph }: GraphStatus,
  rows: number
): GraphTuning | null {
  if (!measurement?.tuning || !measurement.graph || state !== 'ready' || !graph) return null;
  if (measurement.generation !== generation || rows > GROWTH * measurement.rows) return null;
  return isAlike(measurement.graph, graph) ? measurement.tuning : null;
}

/** Whether two graphs were made alike. */
export function isAlike(a: GraphFacts | undefined, b: GraphFacts | undefined): boolean {
  if (!a || !b) return a === b;
  return (
    a.dimensions === b.dimensions &&
    a.M === b.M &&
    a.efConstruction === b.efConstruction &&
    a.shards === b.shards
  );
}

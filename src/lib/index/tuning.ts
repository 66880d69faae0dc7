import type { GraphFacts, GraphStatus, GraphTuning, IndexSettings, Measurement } from './types.ts';

/** Until the reader or a measurement says otherwise. */
export const DEFAULT_INDEX_SETTINGS: IndexSettings = {
  choice: { dimensions: 'automatic', M: 16, efConstruction: 40 },
  measurement: null
};

/** A collection that has grown by more than this since it was measured is measured again. */
const GROWTH = 1.5;

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

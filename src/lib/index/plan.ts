import { milliseconds } from '#lib/base/format.ts';
import type { Costs } from './costs.ts';
import type { GraphStatus, GraphTuning, Method, Plan, Precision, Way } from './types.ts';

/** Recall@10 that the graph must have shown before it is chosen without being asked for. */
export const TARGET_RECALL = 0.99;
/** A comparison with the float32 vectors that takes no longer is not worth a shortcut. */
const FREE_MS = 1;
/** The graph must promise to be so much faster: its time is less certain than that of a scan. */
const WORTHWHILE = 0.8;
/** A filter that leaves a smaller share is not for the graph, most of whose finds it would drop. */
const SELECTIVE_SHARE = 0.1;
/** The graph is not asked for more candidates: comparing with all is then the better way. */
const MAX_CANDIDATES = 2000;
/** Rows that the graph does not know yet may be so many: they are compared one by one. */
const MAX_MISSING = 4096;
/** Asked for before it was measured, the graph is searched like this. */
const UNMEASURED: GraphTuning = { efSearch: 100, oversampling: 4, recall: 0 };
/** Candidates of the codes that are re-scored for each neighbour asked for, and at least so many. */
const CODE_OVERSAMPLING = 4;
const MIN_CANDIDATES = 40;
/** Float32 sums of the kernel and of the re-scoring may order near ties differently. */
const SPARE = 8;

/** How many rows a comparison keeps, so that the `k` best are among them when they are re-scored. */
export function candidatesFor(k: number, precision: Precision): number {
  return precision === 'int8' ? Math.max(MIN_CANDIDATES, CODE_OVERSAMPLING * k) : k + SPARE;
}

/** What is known when a query is to be answered. */
export interface Situation {
  asked: Method;
  /** What an exact comparison is to compare, where it was asked for. */
  precision: Precision | undefined;
  k: number;
  dimensions: number;
  /** Rows that can be found, and those of them the filter leaves. */
  live: number;
  matching: number;
  /** Whether every float32 vector is in memory. */
  resident: boolean;
  graph: GraphStatus;
  /** Live rows the graph does not know, and those of them the filter leaves: these are compared one by one. */
  missing: number;
  missingMatching: number;
  tuning: GraphTuning | null;
  costs: Costs;
}

/** How to answer, and with what. */
export interface Choice extends Way {
  reason: string;
  expected: Plan['expected'];
  /** Rows to re-score. */
  candidates: number;
  /** How the graph is asked; undefined when it is not. */
  graph?: { k: number; efSearch: number; enough: number };
}

/**
 * How to answer a query: as the reader asked where it is possible, and automatically by what each way
 * is expected to cost here. The graph is chosen only when its recall was measured and is good enough.
 */
export function choosePlan(situation: Situation): Choice {
  const { asked, k, matching, resident, dimensions, costs } = situation;
  const candidates = Math.min(matching, candidatesFor(k, 'int8'));
  const exact = (precision: Precision): Choice => ({
    method: 'exact',
    precision,
    reason: '',
    expected: [],
    candidates: Math.min(matching, candidatesFor(k, precision))
  });
  // Whichever way, the same number of candidates is re-scored: what comes before decides.
  const rescoreMs = costs.rescoreMs(candidates, resident ? 'memory' : 'store');
  const int8Ms = costs.scanMs('int8', matching * dimensions);
  const float32Ms = costs.scanMs('float32', 4 * matching * dimensions);
  const obstacle = findObstacle(situation);
  const graph = graphSearch(situation);
  const { missingMatching } = situation;
  const { tuning } = situation;
  const measured = tuning?.p50Ms && tuning.p50Ms / tuning.efSearch;
  const graphMs =
    costs.graphMs(graph.efSearch, measured) + costs.scanMs('int8', missingMatching * dimensions);
  const expected: Plan['expected'] = [];
  if (resident) expected.push({ method: 'exact', precision: 'float32', ms: float32Ms });
  expected.push({ method: 'exact', precision: 'int8', ms: int8Ms + rescoreMs });
  if (!obstacle) expected.push({ method: 'hnsw', precision: 'int8', ms: graphMs + rescoreMs });
  const hnsw: Choice = { ...exact('int8'), method: 'hnsw', graph };
  const decide = (choice: Choice, reason: string): Choice => ({ ...choice, reason, expected });

  const isFree = resident && float32Ms <= FREE_MS;
  if (asked === 'exact') {
    const able = resident ? 'float32' : 'int8';
    return decide(exact(situation.precision === 'int8' ? 'int8' : able), 'Asked for.');
  }
  if (asked === 'hnsw') {
    if (obstacle) return decide(exact(isFree ? 'float32' : 'int8'), obstacle);
    const known = situation.tuning && findDoubt(situation.tuning);
    return decide(hnsw, known ? `Asked for. ${known}` : 'Asked for.');
  }
  if (isFree) {
    return decide(exact('float32'), 'Comparing with all takes hardly any time.');
  }
  const scan = `Comparing with ${matching < situation.live ? 'all that match' : 'all'} takes about ${milliseconds(int8Ms)} here`;
  const doubt = obstacle ?? findDoubt(situation.tuning);
  if (doubt) return decide(exact('int8'), `${scan}. ${doubt}`);
  if (graphMs > WORTHWHILE * int8Ms) {
    return decide(exact('int8'), `${scan}; the graph would take about ${milliseconds(graphMs)}.`);
  }
  return decide(hnsw, `${scan}; the graph takes about ${milliseconds(graphMs)}.`);
}

/**
 * What the graph is asked for: it knows no filter, so it is asked for as many more as the filter
 * will drop. `enough` is how many of its rows have to pass the filter, so that the answer is as good
 * as it was when measured.
 */
function graphSearch({
  k,
  live,
  matching,
  missingMatching,
  tuning
}: Situation): NonNullable<Choice['graph']> {
  const { efSearch, oversampling } = tuning ?? UNMEASURED;
  const widen = live / Math.max(1, matching);
  const enough = Math.ceil(k * oversampling);
  const wanted = Math.min(live, Math.ceil(enough * widen));
  return {
    k: wanted,
    efSearch: Math.max(Math.ceil(efSearch * widen), wanted),
    enough: Math.min(enough, matching - missingMatching)
  };
}

/** Why the graph can't answer at all; undefined when it can. */
function findObstacle(situation: Situation): string | undefined {
  const { graph, missing, live, matching } = situation;
  if (matching === 0) return 'There is nothing to compare with.';
  if (graph.state !== 'ready') return whyNotReady(graph);
  if (missing > Math.min(MAX_MISSING, live / 2)) return 'The graph is catching up with changes.';
  const tooMany = matching < live && graphSearch(situation).efSearch > MAX_CANDIDATES;
  if (tooMany || matching < SELECTIVE_SHARE * live) {
    return 'The filter leaves too few for the graph.';
  }
  return undefined;
}

/** Why the graph is not chosen unless asked for; undefined when it may be. */
function findDoubt(tuning: GraphTuning | null): string | undefined {
  if (!tuning) return 'The graph’s recall has not been measured yet.';
  if (tuning.recall >= TARGET_RECALL) return undefined;
  return `The graph found only ${(100 * tuning.recall).toFixed(0)} % of the nearest when it was measured.`;
}

function whyNotReady({ state, rows, total, reason }: GraphStatus): string {
  if (state === 'failed') return reason ?? 'The graph failed.';
  if (state === 'loading') return 'The graph is still being loaded.';
  if (state === 'none') return 'There is no graph yet.';
  return `The graph is still being built (${Math.floor((100 * rows) / Math.max(1, total))} %).`;
}

import { ago, count, counted, milliseconds, recallPercent } from '#lib/base/format.ts';
import type { KernelKind } from '#lib/index/kernel/kernel.ts';
import type { GraphStatus, MeasuredWay, ShortenedWay, Way } from '#lib/index/types.ts';
import type { IndexFacts } from '#lib/workers/engine-api.ts';

/** Of fewer items ten are a third or more: whichever way is taken finds them. */
export const FEWEST_TO_MEASURE = 30;

/** A way to search as it is called on the page. */
export function wayName({ method, precision }: Way, efSearch?: number | null): string {
  if (method === 'hnsw') return efSearch ? `HNSW, efSearch ${efSearch}` : 'HNSW';
  return precision === 'float32' ? 'Exact, float32' : 'Exact, 8-bit re-scored';
}

/** The machine code that compares. */
export function kernelName(kind: KernelKind): string {
  if (kind === 'javascript') return 'JavaScript';
  return kind === 'simd' ? 'SIMD' : 'SIMD, relaxed';
}

/** What answers a search now, in a sentence or two. */
export function answersNow(facts: IndexFacts, graph: GraphStatus): string {
  const { rows, outlook } = facts;
  if (rows === 0) return 'There is nothing to search yet.';
  const all = rows === 1 ? 'the only item' : `all ${counted(rows, 'item')}`;
  if (outlook.method === 'exact') {
    const time = within(expectedMs(facts, outlook));
    return `Every search compares with ${all}${time}. ${whatOfTheGraph(facts, graph)}`;
  }
  const scanMs = outlook.expected.find(({ method }) => method === 'exact')?.ms;
  const asks = `A search asks the graph${within(expectedMs(facts, outlook))}`;
  return `${asks}; to compare with ${all} would take${within(scanMs).replace(' in', '')}.`;
}

function within(ms: number | undefined): string {
  if (ms === undefined) return '';
  return ms < 0.1 ? ' in less than 0.1 ms' : ` in about ${milliseconds(ms)}`;
}

function expectedMs({ outlook }: IndexFacts, way: Way): number | undefined {
  return outlook.expected.find((one) => isSameWay(one, way))?.ms;
}

/** Whether two ways are one. */
export function isSameWay(a: Way, b: Way): boolean {
  return a.method === b.method && (a.method === 'hnsw' || a.precision === b.precision);
}

/** Why the graph does not answer, although it may be there. */
function whatOfTheGraph(facts: IndexFacts, { state }: GraphStatus): string {
  const { outlook, tuning } = facts;
  if (state === 'building') return 'The graph is being built; it is used where it is faster.';
  if (state === 'loading') return 'The graph is being loaded; it is used where it is faster.';
  if (state === 'failed') return 'There is no graph.';
  if (state === 'none') return 'There is no graph yet.';
  const exactMs = expectedMs(facts, outlook) ?? 0;
  if (exactMs <= 1) return 'At this size no graph is needed.';
  const graphMs = expectedMs(facts, { method: 'hnsw', precision: 'int8' });
  if (graphMs === undefined) return 'The graph is catching up.';
  if (!tuning) return 'The graph has not been measured yet.';
  const takes = `The graph would take about ${milliseconds(graphMs)}`;
  return graphMs < exactMs / 2
    ? `${takes}, but finds only ${recallPercent(tuning.recall)} of the ten nearest.`
    : `${takes}: it is used where it is faster.`;
}

/** The state of Recall, never empty. */
export function recallLine(facts: IndexFacts | null, graph: GraphStatus): string {
  if (!facts) return '—';
  const { settings, tuning } = facts;
  const { measurement } = settings;
  if (!measurement) return '— not measured yet';
  if (tuning) {
    const way = measurement.ways.find(({ efSearch }) => efSearch === tuning.efSearch);
    const time = way ? ` · ${milliseconds(way.p50Ms)}` : '';
    return `HNSW finds ${recallPercent(tuning.recall)} of the ten nearest${time}`;
  }
  if (graph.state === 'ready') return '— this graph has not been measured yet';
  const exact = measurement.ways.findLast(({ method }) => method === 'exact');
  if (!exact) return '— not measured yet';
  return `Exact search finds ${recallPercent(exact.recall)} of the ten nearest · ${milliseconds(exact.p50Ms)}`;
}

/** When and with what it was measured, and what Automatic found where Recall tells of the graph. */
export function measuredWhen({ rows, settings, tuning }: IndexFacts, now: number): string {
  const { measurement } = settings;
  if (!measurement) return 'Measure tells how much of the exact answer each way to search finds.';
  const then =
    measurement.rows === rows ? '' : `, when there were ${counted(measurement.rows, 'item')}`;
  const unseen = measurement.heldOut ? ' that the graph does not hold' : '';
  const asked = `${counted(measurement.queries, 'question')}${unseen}`;
  const automatic = measurement.ways.find(({ asked }) => asked === 'automatic');
  const found =
    tuning && automatic?.method === 'exact'
      ? ` Automatic, exact then, found ${recallPercent(automatic.recall)}.`
      : '';
  return `Measured ${ago(measurement.at, now)} with ${asked}${then}.${found}`;
}

/** Ten times a recall as a reader counts it: `all of the 10 nearest`, `9.9 of the 10 nearest`. */
export function ofTheTen(recall: number): string {
  const found = Math.floor(100 * recall + 1e-6) / 10;
  return `${found === 10 ? 'all' : found.toFixed(1)} of the 10 nearest`;
}

/** What asking the graph like this gives. */
export function efSearchSentence({ efSearch, recall, p50Ms }: MeasuredWay): string {
  return `efSearch ${efSearch} finds ${ofTheTen(recall)} in ${milliseconds(p50Ms)}.`;
}

/** What vectors of this length would give, beside those of `full` dimensions. */
export function dimensionsSentence(way: ShortenedWay, full: number): string {
  const tried = `${milliseconds(way.p50Ms)} (tried on ${counted(way.rows, 'item')})`;
  if (way.dimensions === full) return `All ${full} dimensions, as they are: ${tried}.`;
  return (
    `${way.dimensions} dimensions keep ${ofTheTen(way.recall)}, ` +
    `${share(way.dimensions, full)} of the size, ${tried}.`
  );
}

const SHARES: Record<string, string> = {
  '2': 'half',
  '1.5': 'two thirds',
  '3': 'a third',
  '4': 'a quarter',
  '6': 'a sixth',
  '12': 'a twelfth'
};

function share(part: number, whole: number): string {
  return SHARES[whole / part] ?? `${Math.round((100 * part) / whole)} %`;
}

/** What a reader should know before measuring; `possible` is false where it would say nothing. */
export function measureNote(
  rows: number,
  graph: GraphStatus,
  embedding: boolean
): { possible: boolean; note: string } {
  if (rows < FEWEST_TO_MEASURE) {
    return {
      possible: false,
      note: `Measuring takes at least ${FEWEST_TO_MEASURE} items: this collection has ${count(rows)}.`
    };
  }
  if (embedding) {
    return { possible: true, note: 'Embedding goes on: measure again when it is done.' };
  }
  if (graph.state === 'building' || graph.state === 'loading') {
    return { possible: true, note: 'The graph is not ready: only exact search would be measured.' };
  }
  return { possible: true, note: '' };
}

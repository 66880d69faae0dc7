import type { GraphStatus, Method, Plan } from './types.ts';

/** Up to so many rows, comparing with every vector is faster than the graph, and exact. */
export const EXACT_ROWS = 20_000;
/** A filter that leaves a smaller share than this makes the graph walk past most of what it meets. */
const SELECTIVE_SHARE = 0.1;

/**
 * How to answer a query: what the reader asked for where it is possible, and automatically the graph
 * for many rows, once it is ready and no filter leaves only few of them.
 */
export function chooseMethod(
  asked: Method,
  rows: { live: number; matching: number },
  graph: GraphStatus
): Pick<Plan, 'method' | 'reason'> {
  if (asked === 'exact') return { method: 'exact', reason: 'Asked for.' };
  if (asked === 'automatic' && rows.live <= EXACT_ROWS) {
    return { method: 'exact', reason: 'There are few enough to compare with all.' };
  }
  if (asked === 'automatic' && rows.matching < rows.live * SELECTIVE_SHARE) {
    return { method: 'exact', reason: 'The filter leaves few enough to compare with all.' };
  }
  if (rows.matching === 0) return { method: 'exact', reason: 'There is nothing to compare with.' };
  if (graph.state !== 'ready') return { method: 'exact', reason: whyNotReady(graph) };
  return {
    method: 'hnsw',
    reason: asked === 'hnsw' ? 'Asked for.' : 'There are too many to compare with all.'
  };
}

function whyNotReady({ state, rows, total, reason }: GraphStatus): string {
  if (state === 'failed') return reason ?? 'The graph failed.';
  if (state === 'loading') return 'The graph is still being loaded.';
  if (state === 'none') return 'There is no graph yet.';
  if (rows >= total) return 'The graph is catching up with the latest changes.';
  return `The graph is still being built (${Math.floor((100 * rows) / total)} %).`;
}

import { bitAt } from '#lib/base/bits.ts';
import type { Row } from '#lib/base/ids.ts';
import { addRow, intersect, without } from './bitmap.ts';
import type { Choice } from './plan.ts';
import type { GraphStatus } from './types.ts';

/** What a graph found. */
export interface GraphAnswer {
  /** Rows near the query; may be too few, dead or unknown: whoever asks checks. */
  rows: Uint32Array | Row[];
  /** Vectors in the graph that the query was compared with on the way. */
  compared: number;
}

/** The HNSW graph as the engine sees it, wherever it lives. */
export interface GraphPort {
  status(): GraphStatus;
  /**
   * About `k` rows near `vector` (of the collection's dimensions), or undefined when the graph can't
   * answer now. Never throws.
   */
  search(vector: Float32Array, k: number, efSearch: number): Promise<GraphAnswer | undefined>;
}

/** Where no graph stands. */
export const NO_GRAPH: GraphStatus = { state: 'none', rows: 0, total: 0, origin: null };
const NO_ROWS = new Uint8Array(0);

/** Of `live` rows of this generation those the graph does not find, as a bitmap; all when it is not ready. */
export function unknownTo(port: GraphPort, live: Uint8Array, generation: number): Uint8Array {
  const status = port.status();
  const usable = status.state === 'ready' && (status.generation ?? 0) === generation;
  return usable ? without(live, status.known ?? NO_ROWS) : live;
}

/** What is left to compare with after the graph was asked. */
export interface Narrowed {
  /** What the graph found, and all that it does not know, as a bitmap. */
  rows: Uint8Array<ArrayBuffer>;
  /** How many of them the graph found. */
  found: number;
  compared: number;
}

/**
 * Asks the graph, and keeps what is allowed of its answer; `unknown` are the rows that it does not find,
 * which may be near, too. Undefined without an answer.
 */
export async function narrow(
  port: GraphPort,
  vector: Float32Array,
  { k, efSearch }: NonNullable<Choice['graph']>,
  allowed: Uint8Array,
  unknown: Uint8Array
): Promise<Narrowed | undefined> {
  const answer = await port.search(vector, k, efSearch);
  if (!answer) return undefined;
  const rows = intersect(allowed, unknown);
  let found = 0;
  for (let n = 0; n < answer.rows.length; n++) {
    const row = answer.rows[n]!;
    if (!bitAt(allowed, row) || bitAt(rows, row)) continue;
    addRow(rows, row);
    found++;
  }
  return { rows, found, compared: answer.compared };
}

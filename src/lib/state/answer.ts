import { throwIfCancelled } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { fingerprint } from '#lib/base/vector.ts';
import type { Method, NeighbourQuery, Plan } from '#lib/index/types.ts';
import { joinResults, type FoundItem, type SearchResult } from '#lib/tasks/search.ts';
import type { DrawnNeighbours } from '#lib/workers/engine-api.ts';

/** A question and what was found for it. */
export interface Answer {
  question: string;
  results: SearchResult[];
  /** Similarities are estimated from codes: the re-scored answer takes this one's place in a moment. */
  provisional: boolean;
  /** The question's fingerprint. */
  cells: Int8Array;
  plan: Plan;
  /** Milliseconds until the question had its vector, and whether that came from the cache. */
  embedMs: number;
  cached: boolean;
  /** Milliseconds from Enter to the first answer, and to this one. */
  firstMs: number;
  totalMs: number;
}

/** A question, and how its answer is to be shown. */
export interface Inquiry {
  question: string;
  /** When it was asked, on the clock of `performance.now`. */
  askedAt: number;
  method: Method;
  titleField: string | null;
  signal: AbortSignal;
  /** Hears a provisional answer; not called once the final one is there. */
  onFirst: (first: Answer) => void;
}

/** The workers that a question is answered by. */
export interface Sources {
  embed(question: string): Promise<{ vector: Float32Array; ms: number; cached: boolean }>;
  search(
    query: NeighbourQuery,
    onFirst: (first: DrawnNeighbours) => void
  ): Promise<DrawnNeighbours>;
  items(rows: Uint32Array): Promise<FoundItem[]>;
}

const RESULTS = 20;

/**
 * Embeds a question, finds its neighbours and joins them with their items. Throws `CancelledError`, and
 * what the sources throw.
 */
export async function answerTo(inquiry: Inquiry, sources: Sources): Promise<Answer> {
  const { question, askedAt, method, titleField, signal, onFirst } = inquiry;
  const query = await sources.embed(question);
  throwIfCancelled(signal);
  const read = readOnce(sources);
  const cells = fingerprint(query.vector);
  let firstMs: number | null = null;
  let done = false;

  async function join(found: DrawnNeighbours): Promise<Answer> {
    const began = performance.now();
    const rows = await read(found.rows);
    const now = performance.now();
    return {
      question,
      results: joinResults(found, found.fingerprints, rows, titleField),
      provisional: found.provisional,
      cells,
      plan: { ...found.plan, steps: [...found.plan.steps, { name: 'items', ms: now - began }] },
      embedMs: query.ms,
      cached: query.cached,
      firstMs: firstMs ?? now - askedAt,
      totalMs: now - askedAt
    };
  }

  async function showFirst(found: DrawnNeighbours): Promise<void> {
    const first = await join(found);
    if (done || signal.aborted) return;
    firstMs = first.firstMs;
    onFirst(first);
  }

  const { vector } = query;
  const sentAt = performance.timeOrigin + performance.now();
  try {
    const found = await sources.search({ vector, k: RESULTS, method, sentAt }, (first) => {
      // What is wrong with reading items, the final answer tells.
      showFirst(first).catch(() => {});
    });
    return await join(found);
  } finally {
    // A first answer that is still on its way comes too late, after a failure as well.
    done = true;
  }
}

/** Reads items, each once: the rows of a first answer are nearly those of the final one. */
function readOnce(sources: Sources): (rows: Uint32Array) => Promise<FoundItem[]> {
  const known = new Map<Row, FoundItem>();
  let reading: Promise<void> = Promise.resolve();
  return async (rows) => {
    reading = reading.then(async () => {
      const missing = rows.filter((row) => !known.has(row));
      if (missing.length === 0) return;
      for (const item of await sources.items(missing)) known.set(item.row, item);
    });
    await reading;
    return [...known.values()];
  };
}

import { throwIfCancelled } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { fingerprint } from '#lib/base/vector.ts';
import type { Method, NeighbourQuery, Plan, Step } from '#lib/index/types.ts';
import { fuse } from '#lib/tasks/fuse.ts';
import {
  joinResults,
  type FoundItem,
  type FoundRows,
  type SearchResult
} from '#lib/tasks/search.ts';
import type { DrawnNeighbours } from '#lib/workers/drawn-neighbours.ts';
import type { DescribedRows } from '#lib/workers/engine-api.ts';

/** A question and what was found for it. */
export interface Answer {
  /** The question, or the title of the item that was asked with. */
  question: string;
  results: SearchResult[];
  /** Similarities are estimated from codes: the re-scored answer takes this one's place in a moment. */
  provisional: boolean;
  /** The question's fingerprint. */
  cells: Int8Array;
  plan: Plan;
  /** Words of the question that were looked for, as the keyword index has them; none without it. */
  words: string[];
  /** Milliseconds until the question had its vector, and whether that came from the cache. */
  embedMs: number;
  cached: boolean;
  /** Milliseconds from Enter to the first answer, and to this one. */
  firstMs: number;
  totalMs: number;
  /** Whether there may be more than were asked for. */
  more: boolean;
}

/** A question that has its vector, and how its answer is to be found. */
export interface Inquiry {
  question: string;
  /** L2-normalised. */
  vector: Float32Array;
  embedMs: number;
  cached: boolean;
  /** When it was asked, on the clock of `performance.now`. */
  askedAt: number;
  method: Method;
  /** How many results. */
  k: number;
  /** How much the ranking by words counts beside that by meaning: 0 not at all, 1 alone. */
  keywords: number;
  /** What was found by words, where that counts: it needs no vector, and so is asked for first. */
  byWords?: Promise<KeywordRows> | undefined;
  /** Rows that may be found, as a bitmap; all when undefined. */
  allowed?: Uint8Array | undefined;
  /** The row that asks with its own vector, and is not its own answer. */
  row?: Row | undefined;
  titleField: string | null;
  signal: AbortSignal;
  /** Hears a provisional answer; not called once the final one is there. */
  onFirst: (first: Answer) => void;
}

/** What the keyword index found, the best first. */
export interface KeywordRows {
  rows: Uint32Array;
  words: string[];
}

/** The workers that a question is answered by. */
export interface Sources {
  search(
    query: NeighbourQuery,
    onFirst?: (first: DrawnNeighbours) => void
  ): Promise<DrawnNeighbours>;
  describe(question: Float32Array, rows: Uint32Array): Promise<DescribedRows>;
  items(rows: Uint32Array): Promise<FoundItem[]>;
}

/** Places of each ranking that are fused, for each result: what is below in both is not shown. */
export const DEEPER = 5;

/**
 * Finds the neighbours of a question, fuses them with the ranking by words where that counts, and joins
 * them with their items. Throws `CancelledError`, and what the sources throw.
 */
export async function answerTo(inquiry: Inquiry, sources: Sources): Promise<Answer> {
  throwIfCancelled(inquiry.signal);
  const join = joiner(inquiry, sources);
  const { byWords } = inquiry;
  return byWords
    ? join(await findFused(inquiry, byWords, sources))
    : findNear(inquiry, sources, join);
}

/** Rows that were found, and how. */
interface Finding extends FoundRows {
  plan: Plan;
  words: string[];
  provisional: boolean;
}

async function findNear(
  inquiry: Inquiry,
  { search }: Sources,
  join: (found: Finding) => Promise<Answer>
): Promise<Answer> {
  const { k, signal, onFirst } = inquiry;
  let done = false;
  const trim = (found: DrawnNeighbours): Finding => ({
    ...withoutRow(found, inquiry.row, k),
    plan: found.plan,
    words: [],
    provisional: found.provisional
  });
  const showFirst = async (found: DrawnNeighbours) => {
    const first = await join(trim(found));
    if (!done && !signal.aborted) onFirst(first);
  };
  try {
    const found = await search(queryOf(inquiry, k), (first) => {
      // What is wrong with reading items, the final answer tells.
      showFirst(first).catch(() => {});
    });
    return await join(trim(found));
  } finally {
    // A first answer that is still on its way comes too late, after a failure as well.
    done = true;
  }
}

async function findFused(
  inquiry: Inquiry,
  ranking: Promise<KeywordRows>,
  sources: Sources
): Promise<Finding> {
  const { vector, k, keywords, row } = inquiry;
  const deep = k * DEEPER;
  const from = performance.now();
  let wordsMs = 0;
  const [near, found] = await Promise.all([
    sources.search(queryOf(inquiry, deep)),
    ranking.finally(() => (wordsMs = performance.now() - from))
  ]);
  const byMeaning = withoutRow(near, row, deep).rows;
  const byWords = found.rows.filter((other) => other !== row);
  const fused = fuse(
    [
      { rows: byMeaning, weight: 1 - keywords },
      { rows: byWords, weight: keywords }
    ],
    k
  );
  const steps: Step[] = [...near.plan.steps, { name: 'words', ms: wordsMs }];
  return {
    rows: fused.rows,
    ...(await sources.describe(vector, fused.rows)),
    ranks: fused.ranks.map(([meaning, words]) => ({
      meaning: meaning ?? null,
      words: words ?? null
    })),
    plan: { ...near.plan, steps },
    words: found.words,
    provisional: false
  };
}

function queryOf({ vector, method, allowed, row }: Inquiry, k: number): NeighbourQuery {
  const sentAt = performance.timeOrigin + performance.now();
  const wanted = row === undefined ? k : k + 1;
  return { vector, k: wanted, method, sentAt, ...(allowed && { allowed }) };
}

/** The first `k` of what was found but for one row. */
function withoutRow(found: FoundRows, row: Row | undefined, k: number): FoundRows {
  const { rows, similarities, fingerprints, repeats } = found;
  const at = row === undefined ? -1 : rows.indexOf(row);
  if (at < 0 && rows.length <= k) return found;
  const kept = [...rows.keys()].filter((n) => n !== at).slice(0, k);
  const cells = fingerprints.length / (rows.length || 1);
  const places = new Map(kept.map((from, to) => [from, to]));
  // What repeats the one that goes repeats the first of those that did.
  const heir = at < 0 ? -1 : kept.findIndex((n) => repeats[n] === at);
  const repeated = (n: number, to: number) =>
    repeats[n] === at && at >= 0 ? (to === heir ? -1 : heir) : (places.get(repeats[n]!) ?? -1);
  return {
    rows: Uint32Array.from(kept, (n) => rows[n]!),
    similarities: Float32Array.from(kept, (n) => similarities[n]!),
    fingerprints: Int8Array.from(
      kept.flatMap((n) => [...fingerprints.subarray(n * cells, (n + 1) * cells)])
    ),
    repeats: Int32Array.from(kept, repeated)
  };
}

/** Joins findings with their items, reading each item once: two findings share nearly all. */
function joiner(inquiry: Inquiry, sources: Sources): (found: Finding) => Promise<Answer> {
  const { question, vector, embedMs, cached, askedAt, titleField, k } = inquiry;
  const read = readOnce(sources);
  const cells = fingerprint(vector);
  let firstMs: number | null = null;
  return async ({ plan, words, provisional, ...found }) => {
    const began = performance.now();
    const items = await read(found.rows);
    const now = performance.now();
    firstMs ??= now - askedAt;
    return {
      question,
      results: joinResults(found, items, titleField),
      provisional,
      cells,
      words,
      plan: { ...plan, steps: [...plan.steps, { name: 'items', ms: now - began }] },
      embedMs,
      cached,
      firstMs,
      totalMs: now - askedAt,
      more: found.rows.length >= k
    };
  };
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

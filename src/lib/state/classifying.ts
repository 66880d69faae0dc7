import { makeBreather } from '#lib/base/breathe.ts';
import { throwIfCancelled } from '#lib/base/errors.ts';
import type { Remote } from '#lib/base/remote.ts';
import { leaveSelfOut } from '#lib/tasks/classify/centroids.ts';
import { labelTexts, type Label } from '#lib/tasks/classify/labels.ts';
import { bestLabels, type Predicted } from '#lib/tasks/classify/nearest-label.ts';
import { stratifiedSplit } from '#lib/tasks/classify/split.ts';
import { vote } from '#lib/tasks/classify/vote.ts';
import type { EngineApi } from '#lib/workers/engine-api.ts';
import type { EmbeddedTexts } from '#lib/workers/text-vectors.ts';
import type { Teacher } from './teacher.ts';

/** One way of classifying the same items, and what it took them for. */
export interface ClassifyRun extends Predicted {
  /** What is compared, such as `Label only`. */
  name: string;
  /** How, in a sentence. */
  method: string;
  /** `items × labels`, row-major. */
  all: Float32Array;
}

/** Items by row, and what each way took them for. */
export interface Classified {
  rows: Uint32Array;
  labels: string[];
  runs: ClassifyRun[];
  /** Items that a fair judgement is about, as places in `rows`; all when null. */
  judged: Uint32Array | null;
  /** How that judgement came about, in a sentence. */
  judgement: string;
}

/** What a long calculation reports to and is ended by. */
export interface Working {
  /** Hears a share from 0 to 1. */
  onProgress: (share: number) => void;
  signal: AbortSignal;
}

/** The engine's calls that classifying takes. */
export type Comparing = Pick<Remote<EngineApi>, 'similarities' | 'means' | 'searchMany'>;

/** How examples decide. */
export type Rule = { kind: 'neighbours'; k: number } | { kind: 'centroid' };

/** What is judged by: each labelled item by all others, or a fifth of them by the rest. */
export type Judgement = 'leave-one-out' | 'split';

const TEST_SHARE = 0.2;
/** Makes the same split each time. */
const SPLIT_SEED = 1;
/** Items whose neighbours vote in one stretch. */
const TOGETHER = 4096;

/**
 * Takes items for the label whose text is nearest: once by the labels alone and, where there are descriptions,
 * once by these. Throws `CancelledError`, and what embedding and comparing throw.
 */
export async function classifyByLabels(
  engine: Comparing,
  embed: (texts: string[], signal: AbortSignal) => Promise<EmbeddedTexts>,
  labels: Label[],
  rows: Uint32Array,
  { onProgress, signal }: Working
): Promise<Classified> {
  const ways = labelTexts(labels);
  const { vectors } = await embed(
    ways.flatMap(({ texts }) => texts),
    signal
  );
  const count = labels.length;
  const both = await engine.similarities(
    vectors,
    rows,
    (done, total) => onProgress(done / total),
    signal
  );
  const breathe = makeBreather();
  const runs: ClassifyRun[] = [];
  for (const [way, { name }] of ways.entries()) {
    await breathe();
    throwIfCancelled(signal);
    const all = columns(both, ways.length * count, way * count, count);
    await breathe();
    const what = way === 0 ? 'the label itself' : 'the label’s description';
    const method = `The label nearest to each item, by cosine similarity to ${what}.`;
    runs.push({ name, method, all, ...bestLabels(all, count) });
  }
  const judgement = 'All items that have a true label are judged.';
  return { rows, labels: labels.map(({ name }) => name), runs, judged: null, judgement };
}

/**
 * Takes items for what labelled ones teach. A labelled item is told by the others, never by itself; with
 * `split`, a fifth of them is told by the rest, and judged. Throws `CancelledError`, and what comparing throws.
 */
export async function classifyByExamples(
  engine: Comparing,
  teacher: Teacher,
  rule: Rule,
  judgement: Judgement,
  rows: Uint32Array,
  working: Working
): Promise<Classified> {
  const taught = placesUpTo(rows.length).filter((n) => teacher.of[rows[n]!]);
  const { learnt, judged } =
    judgement === 'split' ? splitOff(teacher, rows, taught) : { learnt: teacher, judged: taught };
  const decide = rule.kind === 'centroid' ? byCentroids : byNeighbours(rule.k);
  const all = await decide(engine, learnt, rows, working);
  await makeBreather()();
  throwIfCancelled(working.signal);
  const { labels } = teacher;
  const run: ClassifyRun = { ...inWords(rule), all, ...bestLabels(all, labels.length) };
  const words =
    judgement === 'split'
      ? `${judged.length} labelled items are judged that were not learnt from; ${taught.length - judged.length} were.`
      : 'Each labelled item is judged by what all others taught.';
  return { rows, labels, runs: [run], judged, judgement: words };
}

/** What is left to learn from when a share of each class is kept for judging, and the places of that share. */
function splitOff(
  { labels, of }: Teacher,
  rows: Uint32Array,
  taught: Uint32Array
): { learnt: Teacher; judged: Uint32Array } {
  const classes = taught.map((n) => of[rows[n]!]!);
  const { test } = stratifiedSplit(classes, TEST_SHARE, seeded(SPLIT_SEED));
  const judged = test.map((n) => taught[n]!);
  const rest = of.slice();
  for (const n of judged) rest[rows[n]!] = 0;
  return { learnt: { labels, of: rest }, judged };
}

function inWords(rule: Rule): Pick<ClassifyRun, 'name' | 'method'> {
  if (rule.kind === 'centroid') {
    const method = 'The label whose examples’ mean is nearest, by cosine similarity.';
    return { name: 'Nearest centroid', method };
  }
  const [name, nearest] =
    rule.k === 1
      ? ['Nearest neighbour', 'The nearest example decides.']
      : [
          `${rule.k} nearest neighbours`,
          `The ${rule.k} nearest examples vote, each as much as it is similar.`
        ];
  return { name, method: nearest };
}

type Decide = (
  engine: Comparing,
  learnt: Teacher,
  rows: Uint32Array,
  working: Working
) => Promise<Float32Array>;

const byNeighbours =
  (wanted: number): Decide =>
  async (engine, { labels, of }, rows, { onProgress, signal }) => {
    const learntFrom = rows.filter((row) => of[row]);
    const k = Math.max(1, Math.min(wanted, learntFrom.length));
    const query = {
      questions: rows,
      k,
      allowed: bitmap(learntFrom),
      precision: 'float32' as const
    };
    const found = await engine.searchMany(query, (done, total) => onProgress(done / total), signal);
    const shares = new Float32Array(rows.length * labels.length);
    const breathe = makeBreather();
    for (let from = 0; from < rows.length; from += TOGETHER) {
      const [start, end] = [from * k, (from + TOGETHER) * k];
      const part = {
        k,
        rows: found.rows.subarray(start, end),
        similarities: found.similarities.subarray(start, end)
      };
      // A row without a label, and what stands for no neighbour, give -1.
      const votes = vote(part, labels.length, (row) => (of[row] ?? 0) - 1);
      shares.set(votes, from * labels.length);
      await breathe();
      throwIfCancelled(signal);
    }
    return shares;
  };

const byCentroids: Decide = async (engine, { labels, of }, rows, { onProgress, signal }) => {
  const groups = labels.map((_, label) => rows.filter((row) => of[row] === label + 1));
  const centroids = await engine.means(groups, signal);
  const similarities = await engine.similarities(
    centroids,
    rows,
    (done, total) => onProgress(done / total),
    signal
  );
  return leaveSelfOut(similarities, labels.length, (n) => (of[rows[n]!] ?? 0) - 1);
};

function bitmap(rows: Uint32Array): Uint8Array {
  const bits = new Uint8Array((rows.reduce((max, row) => Math.max(max, row), 0) >> 3) + 1);
  for (const row of rows) bits[row >> 3]! |= 1 << (row & 7);
  return bits;
}

/** `count` columns from `first` of a matrix of `width` columns. */
function columns(matrix: Float32Array, width: number, first: number, count: number): Float32Array {
  if (width === count) return matrix;
  const cut = new Float32Array((matrix.length / width) * count);
  for (let to = 0, from = first; to < cut.length; to += count, from += width) {
    for (let n = 0; n < count; n++) cut[to + n] = matrix[from + n]!;
  }
  return cut;
}

/** The places of so many items: 0, 1, 2 … */
export function placesUpTo(count: number): Uint32Array<ArrayBuffer> {
  const places = new Uint32Array(count);
  for (let n = 0; n < count; n++) places[n] = n;
  return places;
}

/** Numbers in [0, 1) from a seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

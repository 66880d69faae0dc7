import type { Row } from '#lib/base/ids.ts';
import type { Remote } from '#lib/base/remote.ts';
import { leaveSelfOut } from '#lib/tasks/classify/centroids.ts';
import type { Label } from '#lib/tasks/classify/labels.ts';
import { bestLabels, type Predicted } from '#lib/tasks/classify/nearest-label.ts';
import { stratifiedSplit } from '#lib/tasks/classify/split.ts';
import { vote } from '#lib/tasks/classify/vote.ts';
import type { EngineApi } from '#lib/workers/engine-api.ts';
import type { EmbeddedTexts } from '#lib/workers/text-vectors.ts';

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
  judged: number[] | null;
  /** How that judgement came about, in a sentence. */
  judgement: string;
}

/** What came of classifying, and the generation of the collection that its rows are of. */
export type ClassifiedRows = Classified & { generation: number };

/** What a long calculation reports to and is ended by. */
export interface Working {
  onProgress: (share: number) => void;
  signal: AbortSignal;
}

/** Labelled rows to learn from. */
export interface Teacher {
  rows: Uint32Array;
  /** Place of each row's label in `labels`. */
  of: Uint16Array;
  labels: string[];
}

/** How examples decide. */
export type Rule = { kind: 'neighbours'; k: number } | { kind: 'centroid' };

/** What is judged by: each labelled item by all others, or a fifth of them by the rest. */
export type Judgement = 'leave-one-out' | 'split';

const TEST_SHARE = 0.2;
/** Makes the same split each time. */
const SPLIT_SEED = 1;

/**
 * Takes items for the label whose text is nearest: once by the labels alone and, where there are descriptions,
 * once by these. Throws `CancelledError`, and what embedding and comparing throw.
 */
export async function classifyByLabels(
  engine: Remote<EngineApi>,
  embed: (texts: string[], signal: AbortSignal) => Promise<EmbeddedTexts>,
  labels: Label[],
  rows: Uint32Array,
  { onProgress, signal }: Working
): Promise<Classified> {
  const ways = [{ name: 'Label only', texts: labels.map(({ name }) => name) }];
  if (labels.some(({ description }) => description !== null)) {
    const texts = labels.map(({ name, description }) => description ?? name);
    ways.push({ name: 'With description', texts });
  }
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
  const runs = ways.map(({ name }, way): ClassifyRun => {
    const all = columns(both, ways.length * count, way * count, count);
    const what = way === 0 ? 'the label itself' : 'the label’s description';
    const method = `The label nearest to each item, by cosine similarity to ${what}.`;
    return { name, method, all, ...bestLabels(all, count) };
  });
  const judgement = 'All items that have a true label are judged.';
  return { rows, labels: labels.map(({ name }) => name), runs, judged: null, judgement };
}

/**
 * Takes items for what labelled ones teach. A labelled item is told by the others, never by itself; with
 * `split`, a fifth of them is told by the rest, and judged. Throws `CancelledError`, and what comparing throws.
 */
export async function classifyByExamples(
  engine: Remote<EngineApi>,
  teacher: Teacher,
  rule: Rule,
  judgement: Judgement,
  rows: Uint32Array,
  working: Working
): Promise<Classified> {
  const place = new Map(Array.from(rows, (row, n) => [row, n]));
  const taught = [...teacher.rows.keys()].filter((n) => place.has(teacher.rows[n]!));
  const { train, test } =
    judgement === 'split'
      ? stratifiedSplit(
          taught.map((n) => teacher.of[n]!),
          TEST_SHARE,
          seeded(SPLIT_SEED)
        )
      : { train: [...taught.keys()], test: [...taught.keys()] };
  const pick = (places: number[]) => places.map((n) => taught[n]!);
  const learnt = part(teacher, pick(train));
  const decide = rule.kind === 'centroid' ? byCentroids : byNeighbours(rule.k);
  const all = await decide(engine, learnt, rows, working);
  const judged = pick(test).map((n) => place.get(teacher.rows[n]!)!);
  const count = teacher.labels.length;
  const run: ClassifyRun = { ...RULE_WORDS[rule.kind](rule), all, ...bestLabels(all, count) };
  const words =
    judgement === 'split'
      ? `${test.length} labelled items are judged that were not learnt from; ${train.length} were.`
      : 'Each labelled item is judged by what all others taught.';
  return { rows, labels: teacher.labels, runs: [run], judged, judgement: words };
}

const RULE_WORDS: Record<Rule['kind'], (rule: Rule) => { name: string; method: string }> = {
  neighbours: (rule) => {
    const k = rule.kind === 'neighbours' ? rule.k : 0;
    const method = `The ${k} nearest examples vote, each as much as it is similar.`;
    return { name: `${k} nearest neighbours`, method };
  },
  centroid: () => ({
    name: 'Nearest centroid',
    method: 'The label whose examples’ mean is nearest, by cosine similarity.'
  })
};

type Decide = (
  engine: Remote<EngineApi>,
  learnt: Teacher,
  rows: Uint32Array,
  working: Working
) => Promise<Float32Array>;

const byNeighbours =
  (k: number): Decide =>
  async (engine, learnt, rows, { onProgress, signal }) => {
    const labelAt = new Map(Array.from(learnt.rows, (row, n) => [row, learnt.of[n]!]));
    const wanted = Math.max(1, Math.min(k, learnt.rows.length));
    const query = {
      questions: rows,
      k: wanted,
      allowed: bitmap(learnt.rows),
      precision: 'float32' as const
    };
    const found = await engine.searchMany(query, (done, total) => onProgress(done / total), signal);
    return vote(found, learnt.labels.length, (row) => labelAt.get(row) ?? -1);
  };

const byCentroids: Decide = async (engine, learnt, rows, { onProgress, signal }) => {
  const groups = learnt.labels.map((_, label) =>
    learnt.rows.filter((_row, n) => learnt.of[n] === label)
  );
  const centroids = await engine.means(groups, signal);
  const similarities = await engine.similarities(
    centroids,
    rows,
    (done, total) => onProgress(done / total),
    signal
  );
  const classAt = new Map(Array.from(learnt.rows, (row, n) => [row, learnt.of[n]!]));
  return leaveSelfOut(similarities, groups.length, (n) => classAt.get(rows[n]!) ?? -1);
};

function part({ rows, of, labels }: Teacher, places: number[]): Teacher {
  return {
    rows: Uint32Array.from(places, (n) => rows[n]!),
    of: Uint16Array.from(places, (n) => of[n]!),
    labels
  };
}

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
    cut.set(matrix.subarray(from, from + count), to);
  }
  return cut;
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

/** Rows that have one of some labels, for judging: the place of each row's label, -1 for none. */
export function trueLabels(
  rows: Uint32Array,
  values: { values: string[]; of: Uint32Array }
): (string | null)[] {
  return Array.from(rows, (row: Row) => {
    const value = values.of[row] ?? 0;
    return value === 0 ? null : values.values[value - 1]!;
  });
}

import { CancelledError, SemblanceError, toErrorData, type ErrorData } from '#lib/base/errors.ts';
import {
  evaluate,
  precisionRecall,
  type Evaluation,
  type PrecisionRecall
} from '#lib/tasks/classify/metrics.ts';
import { parseLabels } from '#lib/tasks/classify/labels.ts';
import type { ItemCells } from '#lib/workers/table-api.ts';
import {
  classifyByExamples,
  classifyByLabels,
  trueLabels,
  type Classified,
  type ClassifiedRows,
  type Judgement,
  type Rule
} from './classifying.ts';
import type { Searched } from './search-session.svelte.ts';
import { NO_MARKS, teacherFromField, teacherFromMarks, withMark } from './teacher.ts';

/** What is decided by: labels alone, or items that have theirs. */
export type ClassifyWay = 'labels' | 'examples';

/** How one run did, by the true labels. */
export interface Judged {
  evaluation: Evaluation;
  /** The precision–recall curve for the first of two classes; null for more. */
  curve: (PrecisionRecall & { label: string }) | null;
}

/** The open collection, as classifying needs it. */
export interface Classifying extends Searched {
  /** Of its rows' numbers. */
  readonly generation: number;
}

/** Values of a field that may be labels: more are no classes. */
export const MOST_LABELS = 50;

/** Classifies the items of an open collection, and judges what came of it. */
export class ClassifySession {
  readonly #collection: Classifying;
  labelsText = $state('');
  way = $state<ClassifyWay>('labels');
  /** The field whose values teach; null for examples that are marked by hand. */
  teacherField = $state<string | null>(null);
  rule = $state.raw<Rule>({ kind: 'neighbours', k: 5 });
  judgement = $state<Judgement>('leave-one-out');
  /** Below this margin an item is unsure. */
  unsureBelow = $state(0);
  #marks = $state.raw<ReadonlyMap<string, string>>(NO_MARKS);
  #trueField = $state<string | null>(null);
  #truth = $state.raw<(string | null)[] | null>(null);
  #outcome = $state.raw<ClassifiedRows | null>(null);
  #progress = $state<number | null>(null);
  #error = $state.raw<ErrorData | null>(null);
  #running: AbortController | undefined;
  #marksRead: Promise<void> | undefined;

  constructor(collection: Classifying) {
    this.#collection = collection;
  }

  /** Null also when the rows it is of were numbered anew. */
  get outcome(): Classified | null {
    return this.#outcome?.generation === this.#collection.generation ? this.#outcome : null;
  }
  /** From 0 to 1 while it goes on, else null. */
  get progress(): number | null {
    return this.#progress;
  }
  get error(): ErrorData | null {
    return this.#error;
  }
  /** Labels given by hand, by the items' ids. */
  get marks(): ReadonlyMap<string, string> {
    return this.#marks;
  }
  /** The field that has the true labels. */
  get trueField(): string | null {
    return this.#trueField;
  }
  /** The true label of each item; null where it has none, or no field is chosen. */
  get truth(): readonly (string | null)[] | null {
    return this.#truth;
  }

  /** How each run did; null while there is nothing to judge by. */
  readonly judged: Judged[] | null = $derived.by(() => {
    const [outcome, truth] = [this.outcome, this.#truth];
    return outcome && truth && judge(outcome, truth);
  });

  /** Classifies all items; a later call takes this one's place. */
  async classify(): Promise<void> {
    this.cancel();
    const running = (this.#running = new AbortController());
    this.#error = null;
    this.#progress = 0;
    const { signal } = running;
    const onProgress = (share: number) => {
      if (this.#running === running) this.#progress = share;
    };
    try {
      const outcome = await this.#run({ onProgress, signal });
      if (this.#running !== running) return;
      this.#outcome = { ...outcome, generation: this.#collection.generation };
      await this.#readTruth();
    } catch (error) {
      if (this.#running === running && !(error instanceof CancelledError)) {
        this.#error = toErrorData(error);
      }
    } finally {
      if (this.#running === running) this.#progress = null;
    }
  }

  /** Ends what is going on; what was there before stays. */
  cancel(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#progress = null;
  }

  /** Judges by a field, or by none. */
  async judgeBy(field: string | null): Promise<void> {
    this.#trueField = field;
    this.#truth = null;
    try {
      await this.#readTruth();
    } catch (error) {
      this.#error = toErrorData(error);
    }
  }

  /** Reads the labels that were given by hand before. */
  readMarks(): Promise<void> {
    this.#marksRead ??= this.#collection
      .table()
      .then((table) => table.examples())
      .then((marks) => void (this.#marks = marks))
      .catch((error: unknown) => {
        this.#marksRead = undefined;
        throw error;
      });
    return this.#marksRead;
  }

  /** Gives an item a label by hand, or takes it away. */
  async mark(id: string, label: string | null): Promise<void> {
    await this.readMarks();
    this.#marks = withMark(this.#marks, id, label);
    const table = await this.#collection.table();
    await table.saveExamples(this.#marks);
  }

  /**
   * Keeps what a run predicted as a field. Throws `StoreError` `field-taken`, and what writing throws.
   */
  async keep(run: number, field: string): Promise<void> {
    const { rows, labels, runs } = this.#outcome!;
    const { labels: predicted, scores, margins, method } = runs[run]!;
    const size = rows.reduce((max, row) => Math.max(max, row + 1), 0);
    const of = new Uint16Array(size);
    const kept = new Float32Array(size);
    rows.forEach((row, n) => {
      // What is unsure is not kept: it would look as sure as the rest.
      if (margins[n]! < this.unsureBelow) return;
      of[row] = predicted[n]! + 1;
      kept[row] = scores[n]!;
    });
    const table = await this.#collection.table();
    const made = { method, madeAt: Date.now() };
    await table.savePredictions({ field, labels, of, scores: kept, ...made });
  }

  /** Items by row, for the rows on the screen. */
  async cells(rows: Uint32Array): Promise<ItemCells[]> {
    return (await this.#collection.table()).cells(rows);
  }

  async #run(working: { onProgress: (share: number) => void; signal: AbortSignal }) {
    const [engine, table] = await Promise.all([
      this.#collection.engine(),
      this.#collection.table()
    ]);
    const rows = await table.rows();
    if (this.way === 'labels') {
      const { labels } = parseLabels(this.labelsText);
      if (labels.length < 2) throw tooFewLabels();
      const embed = (texts: string[], signal: AbortSignal) => this.#collection.embed(texts, signal);
      return classifyByLabels(engine, embed, labels, rows, working);
    }
    await this.readMarks();
    const field = this.teacherField;
    const teacher = field
      ? teacherFromField(await table.values(field, MOST_LABELS), rows)
      : await teacherFromMarks(table, this.#marks);
    if (teacher.labels.length < 2) throw tooFewExamples(field);
    return classifyByExamples(engine, teacher, this.rule, this.judgement, rows, working);
  }

  async #readTruth(): Promise<void> {
    const [field, outcome] = [this.#trueField, this.#outcome];
    if (field === null || !outcome) return;
    const table = await this.#collection.table();
    const truth = trueLabels(outcome.rows, await table.values(field, MOST_LABELS));
    if (field === this.#trueField && outcome === this.#outcome) this.#truth = truth;
  }
}

function judge(outcome: Classified, truth: readonly (string | null)[]): Judged[] {
  const places = (outcome.judged ?? [...outcome.rows.keys()]).filter((n) => truth[n] !== null);
  const actual = places.map((n) => truth[n]!);
  return outcome.runs.map(({ labels, all }) => {
    const evaluation = evaluate(
      actual,
      places.map((n) => outcome.labels[labels[n]!]!)
    );
    const [label] = outcome.labels;
    const two = outcome.labels.length === 2 && label !== undefined;
    const curve = two
      ? precisionRecall(
          actual.map((name) => name === label),
          places.map((n) => all[2 * n]! - all[2 * n + 1]!)
        )
      : null;
    return { evaluation, curve: curve && { ...curve, label: label! } };
  });
}

function tooFewLabels(): SemblanceError {
  return new SemblanceError(
    'too-few-labels',
    'There are fewer than two labels.',
    'Write each on a line of its own, such as “positive: the customer is glad”.'
  );
}

function tooFewExamples(field: string | null): SemblanceError {
  return new SemblanceError(
    'too-few-labels',
    field === null
      ? 'There are no examples of two different labels yet.'
      : `The field “${field}” has no two different values.`,
    field === null
      ? 'Mark at least one item for each label.'
      : 'Choose another field to learn from.'
  );
}

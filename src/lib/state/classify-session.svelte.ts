import { CancelledError, SemblanceError, toErrorData, type ErrorData } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { labelTexts, parseLabels } from '#lib/tasks/classify/labels.ts';
import type { ItemCells } from '#lib/workers/table-api.ts';
import {
  classifyByExamples,
  classifyByLabels,
  type Classified,
  type Judgement,
  type Rule,
  type Working
} from './classifying.ts';
import { judge, trueLabels, type Judged, type Truth } from './judging.ts';
import type { Price } from './price.ts';
import type { Searched } from './search-session.svelte.ts';
import { recall, remember } from './session-memory.ts';
import { NO_MARKS, teacherFromField, teacherFromMarks, withMark, type Teacher } from './teacher.ts';

/** The open collection, as classifying needs it. */
export interface Classifying extends Searched {
  readonly id: CollectionId;
  /** Of its rows' numbers. */
  readonly generation: number;
  price(texts: string[]): Promise<Price>;
}

/** What was classified, of which rows. */
interface Outcome extends Classified {
  /** Of the rows' numbers. */
  generation: number;
  /** Labels that were given by hand and taught: they are known, whatever the other examples say. */
  given: Teacher | null;
}

/** What is decided by: labels alone, or items that have theirs. */
export type ClassifyWay = 'labels' | 'examples';

/** Values of a field that may be labels: more are no classes. */
export const MOST_LABELS = 50;

/** Classifies the items of an open collection, and judges what came of it. */
export class ClassifySession {
  readonly #collection: Classifying;
  #labelsText = $state('');
  way = $state<ClassifyWay>('labels');
  /** The field whose values teach; null for examples that are marked by hand. */
  teacherField = $state<string | null>(null);
  rule = $state.raw<Rule>({ kind: 'neighbours', k: 5 });
  judgement = $state<Judgement>('leave-one-out');
  /** Below this margin an item is unsure. */
  unsureBelow = $state(0);
  #marks = $state.raw<ReadonlyMap<string, string>>(NO_MARKS);
  #trueField = $state<string | null>(null);
  #truth = $state.raw<Truth | null>(null);
  #outcome = $state.raw<Outcome | null>(null);
  #price = $state.raw<Price | null>(null);
  #labelFields = $state.raw<readonly string[] | null>(null);
  #progress = $state<number | null>(null);
  #error = $state.raw<ErrorData | null>(null);
  #running: AbortController | undefined;
  #marksRead: Promise<void> | undefined;

  constructor(collection: Classifying) {
    this.#collection = collection;
    this.#labelsText = recall(`labels:${collection.id}`);
  }

  /** Labels, a line each; kept for the collection as long as the tab lives. */
  get labelsText(): string {
    return this.#labelsText;
  }
  set labelsText(text: string) {
    this.#labelsText = text;
    this.#price = null;
    remember(`labels:${this.#collection.id}`, text);
  }
  /** The labels of the text. */
  readonly labels = $derived.by(() => parseLabels(this.#labelsText));
  /** What the labels would take; null until it is known. */
  get price(): Price | null {
    return this.#price;
  }
  /** The fields that may have labels, since they have few values; null until they have been looked at. */
  get labelFields(): readonly string[] | null {
    return this.#labelFields;
  }
  readonly #current = $derived.by(() =>
    this.#outcome?.generation === this.#collection.generation ? this.#outcome : null
  );
  /** What was classified; null also when its rows have been numbered anew since. */
  get outcome(): Classified | null {
    return this.#current;
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
  /** The true labels of the items; null where no field is chosen. */
  get truth(): Truth | null {
    return this.#truth;
  }

  /** How each run did; null while there is nothing to judge by. */
  readonly judged: Judged[] | null = $derived.by(() => {
    const [outcome, truth] = [this.#current, this.#truth];
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
      const field = this.#trueField;
      const truth = await this.#truthOf(outcome, field);
      if (this.#running !== running) return;
      // Together: true labels are by the places of one outcome.
      [this.#outcome, this.#truth] = [outcome, truth];
      if (field !== this.#trueField) await this.judgeBy(this.#trueField);
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
    const outcome = this.#current;
    try {
      const truth = outcome && (await this.#truthOf(outcome, field));
      if (field === this.#trueField && outcome === this.#outcome) this.#truth = truth;
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
    if (this.#error?.code === 'too-few-labels') this.#error = null;
    const before = this.#marks;
    this.#marks = withMark(before, id, label);
    try {
      const table = await this.#collection.table();
      // Other tabs mark, too.
      const marks = withMark(await table.examples(), id, label);
      await table.saveExamples(marks);
      this.#marks = marks;
    } catch (error) {
      this.#marks = before;
      this.#error = toErrorData(error);
    }
  }

  /** Works out what the labels would take; a later call takes this one's place. */
  async readPrice(): Promise<void> {
    const text = this.#labelsText;
    const texts = labelTexts(this.labels.labels).flatMap((way) => way.texts);
    const price = await this.#collection.price(texts);
    if (text === this.#labelsText) this.#price = price;
  }

  /** Looks which of some fields may have labels: those of few values. */
  async readLabelFields(names: readonly string[]): Promise<void> {
    const table = await this.#collection.table();
    const few: string[] = [];
    for (const name of names) {
      const { values, more } = await table.values(name, MOST_LABELS);
      if (values.length > 0 && !more) few.push(name);
    }
    this.#labelFields = few;
  }

  /**
   * Keeps what a run predicted as a field, and tells how many items have no label in it since they are unsure: it
   * would look as sure as the rest. A label that was given by hand is kept as it was given. Throws `StoreError`
   * `field-taken`, and what writing throws.
   */
  async keep(run: number, field: string): Promise<{ unsure: number }> {
    const { rows, labels, runs, given } = this.#current!;
    const { labels: predicted, scores, margins, method } = runs[run]!;
    const size = rows.reduce((max, row) => Math.max(max, row + 1), 0);
    const of = new Uint16Array(size);
    const kept = new Float32Array(size);
    let unsure = 0;
    rows.forEach((row, n) => {
      const known = given?.of[row] ?? 0;
      if (known === 0 && margins[n]! < this.unsureBelow) return void unsure++;
      of[row] = known || predicted[n]! + 1;
      kept[row] = known ? 1 : scores[n]!;
    });
    const table = await this.#collection.table();
    const made = { method, madeAt: Date.now() };
    await table.savePredictions({ field, labels, of, scores: kept, ...made });
    return { unsure };
  }

  /** Items by row, for the rows on the screen. */
  async cells(rows: Uint32Array): Promise<ItemCells[]> {
    return (await this.#collection.table()).cells(rows);
  }

  async #run(working: Working): Promise<Outcome> {
    const [engine, table] = await Promise.all([
      this.#collection.engine(),
      this.#collection.table()
    ]);
    const { generation } = this.#collection;
    const rows = await table.rows();
    if (this.way === 'labels') {
      const { labels } = this.labels;
      if (labels.length < 2) throw tooFewLabels();
      const embed = (texts: string[], signal: AbortSignal) => this.#collection.embed(texts, signal);
      const outcome = await classifyByLabels(engine, embed, labels, rows, working);
      return { ...outcome, generation, given: null };
    }
    await this.readMarks();
    const field = this.teacherField;
    const teacher = field
      ? teacherFromField(await table.values(field, MOST_LABELS))
      : await teacherFromMarks(table, this.#marks, rows);
    if (teacher.labels.length < 2) throw tooFewExamples(field);
    const { rule, judgement } = this;
    const outcome = await classifyByExamples(engine, teacher, rule, judgement, rows, working);
    return { ...outcome, generation, given: field ? null : teacher };
  }

  async #truthOf({ rows }: Outcome, field: string | null): Promise<Truth | null> {
    if (field === null) return null;
    const table = await this.#collection.table();
    return trueLabels(rows, await table.values(field, MOST_LABELS));
  }
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

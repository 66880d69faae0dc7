import { throwIfCancelled } from '#lib/base/errors.ts';
import { hashKey, hashText } from '#lib/base/hash.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { makeBreather } from '#lib/base/breathe.ts';
import { makeAnnouncer } from '#lib/base/changes.ts';
import { inferColumns, type Column } from '#lib/collection/import/columns.ts';
import { identify } from '#lib/collection/import/identify.ts';
import { proposeIdField, proposeTemplate, proposeTitleField } from '#lib/collection/import/propose.ts';
import { readRecords } from '#lib/collection/import/read.ts';
import { appendItems, createCollection, getCollection } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { getDeadRows } from '#lib/collection/store/dead.ts';
import { findHeld } from '#lib/collection/store/held.ts';
import { iterateBlocks } from '#lib/collection/store/items.ts';
import { assertRoomFor } from '#lib/collection/store/quota.ts';
import type { StagedItem } from '#lib/collection/store/schema.ts';
import { isBlank, parseTemplate, renderTemplate, templateFields } from '#lib/collection/template.ts';
import type { Field, Fields, Issue, Passage } from '#lib/collection/types.ts';
import { loadTokenizer } from '#lib/embedding/tokens.ts';
import type { Space } from '#lib/embedding/types.ts';
import { bitAt } from '#lib/base/bits.ts';

/** Where items come from: a file or text, or a collection that is embedded again. */
export type DraftSource =
  | { kind: 'file'; name: string; blob: Blob }
  | { kind: 'collection'; id: CollectionId };

/** What was found in a source, and what we propose to do with it. */
export interface DraftSummary {
  name: string;
  format: string;
  records: number;
  columns: Column[];
  issues: Issue[];
  issueCount: number;
  template: string;
  idField: string | null;
  titleField: string | null;
}

/** What the reader decided about the texts. */
export interface TextChoices {
  template: string;
  idField: string | null;
}

/** A row as it will be embedded. */
export interface PreviewRow {
  title: string;
  text: string;
  tokens: number;
}

/** What embedding would take, before anything is spent. */
export interface Measure {
  items: number;
  /** Exact cl100k tokens of all items' texts. */
  tokens: number;
  /** Tokens of the texts that no collection or cache of this space holds: what will be bought. */
  tokensToBuy: number;
  /** Rows left out because their text is blank. */
  blank: number;
  /** Items whose text another item has too; embedded once. */
  repeated: number;
  /** Items over the model's limit; embedded in parts. */
  overLimit: number;
  issues: Issue[];
  issueCount: number;
}

/** The model's side of a measure. `space` is null until the dimensions are known. */
export interface MeasureFor {
  space: Space | null;
  maxInputTokens: number;
}

/** How to keep the items of a draft. */
export interface StageChoices extends TextChoices {
  id: CollectionId;
  name: string;
  space: Space;
  titleField: string | null;
  keep: string[];
}

/** The texts of a draft under one template and id field. */
interface Rendered {
  choices: TextChoices;
  /** Indexes of records that become items, rising. */
  records: Uint32Array;
  ids: string[];
  hashes: string[];
  tokens: Uint32Array;
  blank: number;
  issues: Issue[];
}

interface Draft {
  records: Fields[];
  passages: (Passage | undefined)[];
  /** Ids that are kept as they are when a collection is embedded again. */
  ids: string[] | null;
  columns: Column[];
  /** Generated ids are numbered from here, so that a further file's never meet a collection's. */
  firstNumber: number;
}

const PREVIEW_ROWS = 4;
const ISSUES_SHOWN = 1000;

/**
 * What the import worker does: reads a source into a draft, renders and measures its texts, and
 * stages it in the store. Never calls the network.
 */
export class ImportApi {
  readonly #database: () => Promise<Database>;
  readonly #announce = makeAnnouncer();
  /** Token counts by text, kept while the template is being edited. */
  readonly #tokens = new Map<string, number>();
  #draft: Draft | undefined;
  #rendered: Rendered | undefined;

  constructor(database: () => Promise<Database>) {
    this.#database = database;
  }

  /** Reads a source; replaces the draft only when it succeeds. Throws `ImportError`. */
  async open(
    source: DraftSource,
    onProgress: (readBytes: number, totalBytes: number) => void,
    signal: AbortSignal
  ): Promise<DraftSummary> {
    const summary =
      source.kind === 'file'
        ? await this.#openFile(source, onProgress, signal)
        : await this.#openCollection(source.id, signal);
    this.#rendered = undefined;
    this.#tokens.clear();
    return summary;
  }

  async #openFile(
    source: { name: string; blob: Blob },
    onProgress: (readBytes: number, totalBytes: number) => void,
    signal: AbortSignal
  ): Promise<DraftSummary> {
    const set = await readRecords(source, { loadTokenizer, signal, onProgress });
    const { columns, records, passages, issues, issueCount } = set;
    this.#draft = { records, passages, ids: null, columns, firstNumber: 1 };
    return {
      name: set.name,
      format: set.format,
      records: records.length,
      columns,
      issues,
      issueCount,
      template: proposeTemplate(columns),
      idField: proposeIdField(columns, records),
      titleField: proposeTitleField(columns)
    };
  }

  async #openCollection(id: CollectionId, signal: AbortSignal): Promise<DraftSummary> {
    const db = await this.#database();
    const collection = await getCollection(db, id);
    const dead = await getDeadRows(db, id);
    const items: StagedItem[] = [];
    for await (const block of iterateBlocks(db, id)) {
      throwIfCancelled(signal);
      for (const item of block.items) if (!bitAt(dead.bits, item.row)) items.push(item);
    }
    const records = items.map((item) => item.fields);
    const columns = inferColumns(records);
    this.#draft = {
      records,
      passages: items.map((item) => item.passage),
      ids: items.map((item) => item.id),
      columns,
      firstNumber: 1
    };
    return {
      name: collection.name,
      format: 'collection',
      records: records.length,
      columns,
      issues: [],
      issueCount: 0,
      template: collection.template,
      idField: collection.idField,
      titleField: collection.titleField
    };
  }

  /** The first rows with a text, rendered; throws `ImportError` when the template is wrong. */
  async preview(choices: TextChoices, titleField: string | null): Promise<PreviewRow[]> {
    const { records } = this.#require();
    const template = parseTemplate(choices.template);
    const tokenizer = await loadTokenizer();
    const rows: PreviewRow[] = [];
    for (let i = 0; i < records.length && rows.length < PREVIEW_ROWS; i++) {
      const fields = records[i]!;
      if (isBlank(template, fields)) continue;
      const text = renderTemplate(template, fields);
      const title = titleField === null ? '' : String(fields[titleField] ?? '');
      rows.push({ title, text, tokens: tokenizer.count(text) });
    }
    return rows;
  }

  /** Renders and counts every text, and looks up which vectors are already held. */
  async measure(
    choices: TextChoices,
    model: MeasureFor,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal
  ): Promise<Measure> {
    const rendered = await this.#render(choices, onProgress, signal);
    const unique = new Map<string, number>();
    let tokens = 0;
    const overLimit: Issue[] = [];
    rendered.hashes.forEach((hash, i) => {
      const count = rendered.tokens[i]!;
      tokens += count;
      unique.set(hash, count);
      if (count > model.maxInputTokens) overLimit.push(overLimitIssue(rendered.ids[i]!, count, model));
    });
    const held = model.space
      ? (await findHeld(await this.#database(), model.space, new Set(unique.keys()))).keys
      : new Set<string>();
    let tokensToBuy = 0;
    for (const [hash, count] of unique) if (!held.has(hash)) tokensToBuy += count;
    const issues = [...rendered.issues, ...overLimit];
    return {
      items: rendered.ids.length,
      tokens,
      tokensToBuy,
      blank: rendered.blank,
      repeated: rendered.ids.length - unique.size,
      overLimit: overLimit.length,
      issues: issues.slice(0, ISSUES_SHOWN),
      issueCount: issues.length
    };
  }

  /** Makes a collection of the draft, in one transaction: it is there whole, or not at all. */
  async stage(choices: StageChoices, signal: AbortSignal): Promise<void> {
    const { columns } = this.#require();
    const rendered = await this.#render(choices, () => {}, signal);
    const keep = this.#kept(choices);
    const db = await this.#database();
    await assertRoomFor(rendered.ids.length * choices.space.dimensions * 4);
    await createCollection(
      db,
      {
        id: choices.id,
        name: choices.name,
        space: choices.space,
        template: choices.template,
        titleField: choices.titleField,
        idField: choices.idField,
        fields: fieldsOf(columns, keep),
        createdAt: Date.now(),
        lastExportAt: null
      },
      this.#items(rendered, keep)
    );
    this.#announce({ kind: 'library' });
  }

  /** Adds the draft to a collection, under its template; an id it has already is replaced. */
  async append(
    id: CollectionId,
    choices: TextChoices & { keep: string[] },
    signal: AbortSignal
  ): Promise<{ added: number; replaced: number }> {
    const draft = this.#require();
    const db = await this.#database();
    const { space, nextRow } = await getCollection(db, id);
    if (draft.firstNumber !== nextRow + 1) this.#rendered = undefined;
    draft.firstNumber = nextRow + 1;
    const rendered = await this.#render(choices, () => {}, signal);
    const keep = this.#kept(choices);
    await assertRoomFor(rendered.ids.length * space.dimensions * 4);
    const result = await appendItems(
      db,
      id,
      this.#items(rendered, keep),
      fieldsOf(draft.columns, keep)
    );
    this.#announce({ kind: 'rows', collection: id });
    return result;
  }

  /** Forgets the draft and frees its memory. */
  close(): void {
    this.#draft = undefined;
    this.#rendered = undefined;
    this.#tokens.clear();
  }

  async #render(
    choices: TextChoices,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal
  ): Promise<Rendered> {
    const { template, idField } = choices;
    const last = this.#rendered;
    if (last && last.choices.template === template && last.choices.idField === idField) return last;

    const draft = this.#require();
    const parsed = parseTemplate(template);
    const tokenizer = await loadTokenizer();
    const { ids, keep, issues } = this.#identify(idField);
    const records: number[] = [];
    const hashes: string[] = [];
    const counts: number[] = [];
    let blank = 0;
    const breathe = makeBreather();
    for (let i = 0; i < keep.length; i++) {
      const pause = breathe();
      if (pause) {
        onProgress(i, keep.length);
        await pause;
        throwIfCancelled(signal);
      }
      const record = keep[i]!;
      const fields = draft.records[record]!;
      if (isBlank(parsed, fields)) {
        blank++;
        issues.push(blankIssue(ids[record]!));
        continue;
      }
      const text = renderTemplate(parsed, fields);
      const hash = hashKey(hashText(text));
      let tokens = this.#tokens.get(hash);
      if (tokens === undefined) this.#tokens.set(hash, (tokens = tokenizer.count(text)));
      records.push(record);
      hashes.push(hash);
      counts.push(tokens);
    }
    this.#rendered = {
      choices: { template, idField },
      records: Uint32Array.from(records),
      ids: records.map((record) => ids[record]!),
      hashes,
      tokens: Uint32Array.from(counts),
      blank,
      issues
    };
    return this.#rendered;
  }

  #identify(idField: string | null): { ids: string[]; keep: Uint32Array; issues: Issue[] } {
    const { records, passages, ids, firstNumber } = this.#require();
    if (ids) return { ids, keep: Uint32Array.from(ids.keys()), issues: [] };
    return identify(records, idField, passages, (index) => `item-${firstNumber + index}`);
  }

  *#items(rendered: Rendered, keep: Set<string>): Generator<Omit<StagedItem, 'row' | 'replaces'>> {
    const { records, passages } = this.#require();
    for (let i = 0; i < rendered.records.length; i++) {
      const record = rendered.records[i]!;
      const passage = passages[record];
      yield {
        id: rendered.ids[i]!,
        fields: pick(records[record]!, keep),
        ...(passage ? { passage } : {}),
        textHash: rendered.hashes[i]!,
        tokens: rendered.tokens[i]!
      };
    }
  }

  /** The kept fields: those chosen, and those the template needs to be rendered again. */
  #kept(choices: { template: string; keep: string[] }): Set<string> {
    return new Set([...choices.keep, ...templateFields(parseTemplate(choices.template))]);
  }

  #require(): Draft {
    if (!this.#draft) throw new Error('There is no draft: open a source first.');
    return this.#draft;
  }
}

function pick(fields: Fields, keep: Set<string>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => keep.has(name)));
}

function fieldsOf(columns: Column[], keep: Set<string>): Field[] {
  return columns.filter(({ name }) => keep.has(name)).map(({ name, type }) => ({ name, type }));
}

function blankIssue(id: string): Issue {
  return { code: 'blank-text', message: `Item ${id} has no text under this template; it is left out.` };
}

function overLimitIssue(id: string, tokens: number, model: MeasureFor): Issue {
  const limit = model.maxInputTokens.toLocaleString('en-US');
  return {
    code: 'over-limit',
    message: `Item ${id} has ${tokens.toLocaleString('en-US')} tokens, over the model's ${limit}: it is embedded in parts, averaged by their length.`
  };
}

import { makeAnnouncer } from '#lib/base/changes.ts';
import { throwIfCancelled } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import type { Space } from '#lib/base/space.ts';
import { appendItems, createCollection, getCollection } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { findHeld } from '#lib/collection/store/held.ts';
import { assertRoomFor, keptBytes } from '#lib/collection/store/quota.ts';
import type { ItemEdit, StagedCounts } from '#lib/collection/store/staging.ts';
import { MAX_ISSUES } from '#lib/collection/import/issues.ts';
import { isBlank, parseTemplate, renderTemplate, unknownFields } from '#lib/collection/template.ts';
import type { Issue } from '#lib/collection/types.ts';
import { formatValue, titleOf } from '#lib/tasks/search.ts';
import { draftItems, fieldsToKeep, namedApart } from './draft-items.ts';
import { readCollection, readFile, type DraftSource, type DraftSummary } from './draft-source.ts';
import { identifyRecords, OpenDraft, type PreviewRow, type TextChoices } from './draft-texts.ts';

/** The field that ids are in where a collection's own came from none. */
const USUAL_ID = 'id';

/** What embedding would take, before anything is spent. */
export interface Measure {
  items: number;
  /** Exact cl100k tokens of all items' texts. */
  tokens: number;
  /** Tokens of the texts whose vectors are not held already: what will be bought. */
  tokensToBuy: number;
  /** Rows left out because their text is blank. */
  blank: number;
  /** Items whose text another item has too; embedded once. */
  repeated: number;
  /** Items over the model's limit; embedded in parts. */
  overLimit: number;
  /** The first of `issueCount`. */
  issues: Issue[];
  issueCount: number;
}

/** The model's side of a measure. `space` is null while its dimensions are unknown. */
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
  /** Names of the fields to keep; those of the title and the template are kept anyway. */
  keep: string[];
}

/** How records are read as a history of a collection: its template, and the fields of heading and id. */
export interface HistoryChoices {
  template: string;
  titleField: string | null;
  idField: string | null;
}

/** Something of a history that can be compared with a collection's items. */
export interface HistoryEntry {
  /** Null where the record has none. */
  id: string | null;
  title: string;
  /** Under the template; null where there is none. */
  text: string | null;
}

/** A history, and what was wrong with it. */
export interface History {
  entries: HistoryEntry[];
  /** Fields of the template that no record has. */
  missing: string[];
}

/**
 * What the import worker does: reads a source into a draft, renders and measures its texts, and
 * stages it in the store. Never calls the network.
 */
export class ImportApi {
  readonly #database: () => Promise<Database>;
  readonly #announce = makeAnnouncer();
  #open: OpenDraft | undefined;

  constructor(database: () => Promise<Database>) {
    this.#database = database;
  }

  /** Reads a source; replaces the draft only when it succeeds. Throws `ImportError`. */
  async open(
    source: DraftSource,
    onProgress: (readBytes: number, totalBytes: number) => void,
    signal: AbortSignal
  ): Promise<DraftSummary> {
    const { draft, summary } =
      source.kind === 'file'
        ? await readFile(source, onProgress, signal)
        : await readCollection(await this.#database(), source.id, signal);
    throwIfCancelled(signal);
    this.#open = new OpenDraft(draft);
    return summary;
  }

  /** The first rows with a text; throws `ImportError` when the template is wrong. */
  preview(template: string, titleField: string | null): Promise<PreviewRow[]> {
    return this.#opened().preview(template, titleField);
  }

  /**
   * The records of the draft as texts under a collection's template: what somebody has read or bought, to be
   * compared with its items. `missing` are fields of the template that no record has. Throws `ImportError`
   * when the template is wrong.
   */
  history({ template, titleField, idField }: HistoryChoices): History {
    const parsed = parseTemplate(template);
    const { records, columns } = this.#opened().draft;
    const entries = records.map((fields): HistoryEntry => {
      const text = isBlank(parsed, fields) ? null : renderTemplate(parsed, fields);
      const id = formatValue(fields[idField ?? USUAL_ID] ?? null) || null;
      const titled = { id: id ?? '', fields };
      return { id, title: titleOf(titled, titleField, () => text ?? ''), text };
    });
    return { entries, missing: unknownFields(parsed, columns) };
  }

  /** Renders and counts every text, and looks up which vectors are held already. */
  async measure(
    choices: TextChoices,
    model: MeasureFor,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal
  ): Promise<Measure> {
    const texts = await this.#opened().texts(choices, onProgress, signal);
    const unique = new Map<string, number>();
    const overLimit: Issue[] = [];
    let tokens = 0;
    texts.hashes.forEach((hash, i) => {
      const count = texts.tokens[i]!;
      tokens += count;
      unique.set(hash, count);
      if (count <= model.maxInputTokens) return;
      overLimit.push(overLimitIssue(texts.ids[texts.records[i]!]!, count, model));
    });
    const held = model.space
      ? (await findHeld(await this.#database(), model.space, new Set(unique.keys()))).keys
      : new Set<string>();
    let tokensToBuy = 0;
    for (const [hash, count] of unique) if (!held.has(hash)) tokensToBuy += count;
    return {
      items: texts.hashes.length,
      tokens,
      tokensToBuy,
      blank: texts.blank,
      repeated: texts.hashes.length - unique.size,
      overLimit: overLimit.length,
      issues: [...texts.issues, ...overLimit].slice(0, MAX_ISSUES),
      issueCount: texts.issueCount + overLimit.length
    };
  }

  /** Makes a collection of the draft, in one transaction: it is there whole, or not at all. */
  async stage(choices: StageChoices, signal: AbortSignal): Promise<void> {
    const { id, name, space, template, titleField, idField } = choices;
    const open = this.#opened();
    const texts = await open.texts(choices, () => {}, signal);
    const fields = fieldsToKeep(open.draft, choices);
    await assertRoomFor(keptBytes(texts.hashes.length, space.dimensions));
    const made = { createdAt: Date.now(), lastExportAt: null };
    await createCollection(
      await this.#database(),
      { id, name, space, template, titleField, idField, fields, ...made },
      draftItems(open.draft, texts, fields, signal)
    );
    this.#announce({ kind: 'library' });
  }

  /**
   * Adds the draft to a collection, under the collection's own template. An item whose id column
   * names one that is there takes its place; generated ids never do.
   */
  async append(
    id: CollectionId,
    { idField, keep }: { idField: string | null; keep: string[] },
    signal: AbortSignal
  ): Promise<StagedCounts & { edit: ItemEdit }> {
    const open = this.#opened();
    const db = await this.#database();
    const { space, template, titleField } = await getCollection(db, id);
    const texts = await open.texts({ template, idField }, () => {}, signal);
    const fields = fieldsToKeep(open.draft, { keep, template, titleField });
    await assertRoomFor(keptBytes(texts.hashes.length, space.dimensions));
    // Names are free only until somebody else adds items.
    const result = await navigator.locks.request(`semblance:append:${id}`, async () => {
      const draft = await namedApart(open.draft, db, id);
      const named = { ...texts, ids: identifyRecords(draft, idField).ids };
      return appendItems(db, id, draftItems(draft, named, fields, signal), fields);
    });
    this.#announce({ kind: 'rows', collection: id });
    return result;
  }

  #opened(): OpenDraft {
    if (!this.#open) throw new Error('There is no draft: open a source first.');
    return this.#open;
  }
}

function overLimitIssue(id: string, tokens: number, { maxInputTokens }: MeasureFor): Issue {
  const [count, limit] = [tokens, maxInputTokens].map((n) => n.toLocaleString('en-US'));
  const message = `Item ${id} has ${count} tokens, over the model's ${limit}: it is embedded in parts, averaged by their length.`;
  return { code: 'over-limit', message };
}

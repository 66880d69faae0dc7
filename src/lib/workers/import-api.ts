import { makeAnnouncer } from '#lib/base/changes.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { appendItems, createCollection, getCollection } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { findHeld } from '#lib/collection/store/held.ts';
import { assertRoomFor } from '#lib/collection/store/quota.ts';
import type { StagedItem } from '#lib/collection/store/schema.ts';
import { parseTemplate, templateFields } from '#lib/collection/template.ts';
import type { Field, Fields, Issue } from '#lib/collection/types.ts';
import type { Space } from '#lib/embedding/types.ts';
import {
  readCollection,
  readFile,
  type Draft,
  type DraftSource,
  type DraftSummary
} from './draft-source.ts';
import {
  previewTexts,
  renderTexts,
  type DraftTexts,
  type PreviewRow,
  type TextChoices
} from './draft-texts.ts';

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
  /** Names of the fields to keep; those of the template are kept anyway. */
  keep: string[];
}

const ISSUES_SHOWN = 1000;

/**
 * What the import worker does: reads a source into a draft, renders and measures its texts, and
 * stages it in the store. Never calls the network.
 */
export class ImportApi {
  readonly #database: () => Promise<Database>;
  readonly #announce = makeAnnouncer();
  /** Token counts by text, kept while the template is being edited. */
  readonly #counted = new Map<string, number>();
  #draft: Draft | undefined;
  #rendered: { choices: TextChoices; texts: DraftTexts } | undefined;

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
    this.#draft = draft;
    this.#rendered = undefined;
    this.#counted.clear();
    return summary;
  }

  /** The first rows with a text; throws `ImportError` when the template is wrong. */
  preview(template: string, titleField: string | null): Promise<PreviewRow[]> {
    return previewTexts(this.#opened(), template, titleField);
  }

  /** Renders and counts every text, and looks up which vectors are held already. */
  async measure(
    choices: TextChoices,
    model: MeasureFor,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal
  ): Promise<Measure> {
    const texts = await this.#texts(choices, onProgress, signal);
    const unique = new Map<string, number>();
    const overLimit: Issue[] = [];
    texts.hashes.forEach((hash, i) => {
      const count = texts.tokens[i]!;
      unique.set(hash, count);
      if (count > model.maxInputTokens) overLimit.push(overLimitIssue(texts.ids[i]!, count, model));
    });
    const held = model.space
      ? (await findHeld(await this.#database(), model.space, new Set(unique.keys()))).keys
      : new Set<string>();
    let tokensToBuy = 0;
    for (const [hash, count] of unique) if (!held.has(hash)) tokensToBuy += count;
    const issues = [...texts.issues, ...overLimit];
    return {
      items: texts.ids.length,
      tokens: texts.tokens.reduce((sum, count) => sum + count, 0),
      tokensToBuy,
      blank: texts.blank,
      repeated: texts.ids.length - unique.size,
      overLimit: overLimit.length,
      issues: issues.slice(0, ISSUES_SHOWN),
      issueCount: issues.length
    };
  }

  /** Makes a collection of the draft, in one transaction: it is there whole, or not at all. */
  async stage(choices: StageChoices, signal: AbortSignal): Promise<void> {
    const { id, name, space, template, titleField, idField } = choices;
    const texts = await this.#texts(choices, () => {}, signal);
    const keep = kept(choices);
    await assertRoomFor(texts.ids.length * space.dimensions * Float32Array.BYTES_PER_ELEMENT);
    const fields = this.#fields(keep);
    const made = { createdAt: Date.now(), lastExportAt: null };
    await createCollection(
      await this.#database(),
      { id, name, space, template, titleField, idField, fields, ...made },
      this.#items(texts, keep)
    );
    this.#announce({ kind: 'library' });
  }

  /** Adds the draft to a collection; an item with an id it has already takes that one's place. */
  async append(
    id: CollectionId,
    choices: TextChoices & { keep: string[] },
    signal: AbortSignal
  ): Promise<{ added: number; replaced: number }> {
    const draft = this.#opened();
    const db = await this.#database();
    const { space, nextRow } = await getCollection(db, id);
    if (draft.firstNumber !== nextRow + 1) this.#rendered = undefined;
    draft.firstNumber = nextRow + 1;
    const texts = await this.#texts(choices, () => {}, signal);
    const keep = kept(choices);
    await assertRoomFor(texts.ids.length * space.dimensions * Float32Array.BYTES_PER_ELEMENT);
    const result = await appendItems(db, id, this.#items(texts, keep), this.#fields(keep));
    this.#announce({ kind: 'rows', collection: id });
    return result;
  }

  async #texts(
    { template, idField }: TextChoices,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal
  ): Promise<DraftTexts> {
    const last = this.#rendered;
    if (last?.choices.template === template && last.choices.idField === idField) return last.texts;
    const choices = { template, idField };
    const texts = await renderTexts(this.#opened(), choices, this.#counted, onProgress, signal);
    this.#rendered = { choices, texts };
    return texts;
  }

  /** Items one by one, as the store's transaction asks for them. */
  *#items(texts: DraftTexts, keep: Set<string>): Generator<Omit<StagedItem, 'row' | 'replaces'>> {
    const { records, passages } = this.#opened();
    for (let i = 0; i < texts.records.length; i++) {
      const record = texts.records[i]!;
      const passage = passages[record];
      yield {
        id: texts.ids[i]!,
        fields: pick(records[record]!, keep),
        ...(passage && { passage }),
        textHash: texts.hashes[i]!,
        tokens: texts.tokens[i]!
      };
    }
  }

  #fields(keep: Set<string>): Field[] {
    return this.#opened()
      .columns.filter(({ name }) => keep.has(name))
      .map(({ name, type }) => ({ name, type }));
  }

  #opened(): Draft {
    if (!this.#draft) throw new Error('There is no draft: open a source first.');
    return this.#draft;
  }
}

/** The fields to keep: those chosen, and those the template needs to be rendered again. */
function kept({ keep, template }: { keep: string[]; template: string }): Set<string> {
  return new Set([...keep, ...templateFields(parseTemplate(template))]);
}

function pick(fields: Fields, keep: Set<string>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => keep.has(name)));
}

function overLimitIssue(id: string, tokens: number, { maxInputTokens }: MeasureFor): Issue {
  const [count, limit] = [tokens, maxInputTokens].map((n) => n.toLocaleString('en-US'));
  const message = `Item ${id} has ${count} tokens, over the model's ${limit}: it is embedded in parts, averaged by their length.`;
  return { code: 'over-limit', message };
}

import { makeBreather } from '#lib/base/breathe.ts';
import { throwIfCancelled } from '#lib/base/errors.ts';
import { hashKey, hashText } from '#lib/base/hash.ts';
import { identify, type Identified } from '#lib/collection/import/identify.ts';
import { IssueList } from '#lib/collection/import/issues.ts';
import { isBlank, parseTemplate, renderTemplate, unknownFields } from '#lib/collection/template.ts';
import type { Issue } from '#lib/collection/types.ts';
import { loadTokenizer } from '#lib/embedding/tokens.ts';
import type { Draft } from './draft-source.ts';

/** What the reader decided about the texts. */
export interface TextChoices {
  template: string;
  idField: string | null;
}

/** The texts of a draft under one template and id field; `records`, `hashes`, `tokens` are parallel. */
export interface DraftTexts {
  /** Indexes of the records that become items, rising. */
  records: Uint32Array;
  /** Of each text, as keys. */
  hashes: string[];
  /** Of each text (cl100k_base). */
  tokens: Uint32Array;
  /** Id of every record of the draft, by its index. */
  ids: string[];
  /** Rows left out because their text is blank. */
  blank: number;
  /** The first of `issueCount`. */
  issues: Issue[];
  issueCount: number;
}

/** A row as it will be embedded. */
export interface PreviewRow {
  title: string;
  text: string;
  tokens: number;
}

const PREVIEW_ROWS = 4;

/** A draft with the texts last made of it, so that only what a choice changes is made again. */
export class OpenDraft {
  readonly draft: Draft;
  #last: { choices: TextChoices; texts: DraftTexts } | undefined;
  /** Tokens by text, of one template: another one changes nearly every text. */
  #counted = { template: '', tokens: new Map<string, number>() };

  constructor(draft: Draft) {
    this.draft = draft;
  }

  /**
   * Renders, hashes and counts every text. Throws `ImportError` when the template is wrong,
   * `CancelledError`; what was counted until then is remembered.
   */
  async texts(
    { template, idField }: TextChoices,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal
  ): Promise<DraftTexts> {
    const last = this.#last;
    if (last?.choices.template === template && last.choices.idField === idField) return last.texts;
    if (this.#counted.template !== template) this.#counted = { template, tokens: new Map() };
    const choices = { template, idField };
    const texts = await renderTexts(this.draft, choices, this.#counted.tokens, onProgress, signal);
    this.#last = { choices, texts };
    return texts;
  }

  /** The first rows that have a text. Throws `ImportError` when the template is wrong. */
  async preview(templateText: string, titleField: string | null): Promise<PreviewRow[]> {
    const template = parseTemplate(templateText);
    const title = parseTemplate('');
    if (titleField !== null) title.parts.push({ field: titleField });
    const tokenizer = await loadTokenizer();
    const rows: PreviewRow[] = [];
    for (const fields of this.draft.records) {
      if (rows.length === PREVIEW_ROWS) break;
      if (isBlank(template, fields)) continue;
      const text = renderTemplate(template, fields);
      rows.push({ title: renderTemplate(title, fields), text, tokens: tokenizer.count(text) });
    }
    return rows;
  }
}

/** `counted` holds the tokens of texts that were counted before, and of each from now on. */
async function renderTexts(
  draft: Draft,
  choices: TextChoices,
  counted: Map<string, number>,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal
): Promise<DraftTexts> {
  const template = parseTemplate(choices.template);
  const tokenizer = await loadTokenizer();
  throwIfCancelled(signal);
  const { ids, keep, issues, issueCount } = identifyRecords(draft, choices.idField);
  const found = new IssueList();
  for (const field of unknownFields(template, draft.columns)) {
    found.add('unknown-field', `There is no column “${field}”; in the template it stays empty.`);
  }
  let blank = 0;
  const records: number[] = [];
  const hashes: string[] = [];
  const tokens: number[] = [];
  const breathe = makeBreather();
  for (const [done, record] of keep.entries()) {
    const pause = breathe();
    if (pause) {
      onProgress(done, keep.length);
      await pause;
      throwIfCancelled(signal);
    }
    const fields = draft.records[record]!;
    if (isBlank(template, fields)) {
      const message = `Item ${ids[record]} has no text under this template; it is left out.`;
      found.add('blank-text', message);
      blank++;
      continue;
    }
    const text = renderTemplate(template, fields);
    const hash = hashKey(hashText(text));
    const count = counted.get(hash) ?? tokenizer.count(text);
    counted.set(hash, count);
    records.push(record);
    hashes.push(hash);
    tokens.push(count);
  }
  return {
    records: Uint32Array.from(records),
    hashes,
    tokens: Uint32Array.from(tokens),
    ids,
    blank,
    issues: [...issues, ...found.kept],
    issueCount: issueCount + found.count
  };
}

/** Ids of a draft's records, and which records stay; see `identify`. */
export function identifyRecords(
  { records, passages, ids, firstNumber }: Draft,
  idField: string | null
): Identified {
  if (ids) return { ids, keep: Uint32Array.from(ids.keys()), issues: [], issueCount: 0 };
  return identify(records, idField, passages, (index) => `item-${firstNumber + index}`);
}

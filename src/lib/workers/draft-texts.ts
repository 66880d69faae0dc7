import { makeBreather } from '#lib/base/breathe.ts';
import { throwIfCancelled } from '#lib/base/errors.ts';
import { hashKey, hashText } from '#lib/base/hash.ts';
import { identify } from '#lib/collection/import/identify.ts';
import { isBlank, parseTemplate, renderTemplate } from '#lib/collection/template.ts';
import type { Issue } from '#lib/collection/types.ts';
import { loadTokenizer } from '#lib/embedding/tokens.ts';
import type { Draft } from './draft-source.ts';

/** What the reader decided about the texts. */
export interface TextChoices {
  template: string;
  idField: string | null;
}

/** The texts of a draft under one template and id field; all lists are parallel. */
export interface DraftTexts {
  /** Indexes of the records that become items, rising. */
  records: Uint32Array;
  ids: string[];
  /** Of each text, as keys. */
  hashes: string[];
  /** Of each text (cl100k_base). */
  tokens: Uint32Array;
  /** Rows left out because their text is blank. */
  blank: number;
  issues: Issue[];
}

/** A row as it will be embedded. */
export interface PreviewRow {
  title: string;
  text: string;
  tokens: number;
}

const PREVIEW_ROWS = 4;

/**
 * Renders, hashes and counts every text of a draft. `counted` remembers tokens by text, so that an
 * edit counts only what it changed. Throws `ImportError` when the template is wrong.
 */
export async function renderTexts(
  draft: Draft,
  choices: TextChoices,
  counted: Map<string, number>,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal
): Promise<DraftTexts> {
  const template = parseTemplate(choices.template);
  const tokenizer = await loadTokenizer();
  const { ids, keep, issues } = identifyRecords(draft, choices.idField);
  const records: number[] = [];
  const hashes: string[] = [];
  const tokens: number[] = [];
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
    if (isBlank(template, fields)) {
      blank++;
      issues.push(blankIssue(ids[record]!));
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
    ids: records.map((record) => ids[record]!),
    hashes,
    tokens: Uint32Array.from(tokens),
    blank,
    issues
  };
}

/** The first rows that have a text, rendered. Throws `ImportError` when the template is wrong. */
export async function previewTexts(
  { records }: Draft,
  templateText: string,
  titleField: string | null
): Promise<PreviewRow[]> {
  const template = parseTemplate(templateText);
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

function identifyRecords(
  { records, passages, ids, firstNumber }: Draft,
  idField: string | null
): ReturnType<typeof identify> {
  if (ids) return { ids, keep: Uint32Array.from(ids.keys()), issues: [] };
  return identify(records, idField, passages, (index) => `item-${firstNumber + index}`);
}

function blankIssue(id: string): Issue {
  const message = `Item ${id} has no text under this template; it is left out.`;
  return { code: 'blank-text', message };
}

import { bitAt } from '#lib/base/bits.ts';
import { throwIfCancelled } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { ColumnSurvey, type Column } from '#lib/collection/import/columns.ts';
import {
  proposeIdField,
  proposeTemplate,
  proposeTitleField
} from '#lib/collection/import/propose.ts';
import { readRecords } from '#lib/collection/import/read.ts';
import { getCollection } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { getDeadRows } from '#lib/collection/store/dead.ts';
import { iterateBlocks } from '#lib/collection/store/items.ts';
import type { StagedItem } from '#lib/collection/store/schema.ts';
import type { Fields, Issue, Passage } from '#lib/collection/types.ts';
import { loadTokenizer } from '#lib/embedding/tokens.ts';

/** Where items come from: a file or text, or a collection that is embedded again. */
export type DraftSource =
  { kind: 'file'; name: string; blob: Blob } | { kind: 'collection'; id: CollectionId };

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

/** The records of a source, on their way to becoming items. */
export interface Draft {
  records: Fields[];
  /** Parallel to `records`; empty when they are no passages. */
  passages: (Passage | undefined)[];
  /** Ids that are kept as they are, when a collection is embedded again. */
  ids: string[] | null;
  columns: Column[];
  /** Generated ids are numbered from here. */
  firstNumber: number;
}

/** Reads a file into a draft; throws `ImportError` when nothing in it can be read. */
export async function readFile(
  source: { name: string; blob: Blob },
  onProgress: (readBytes: number, totalBytes: number) => void,
  signal: AbortSignal
): Promise<{ draft: Draft; summary: DraftSummary }> {
  const { name, format, records, passages, columns, issues, issueCount } = await readRecords(
    source,
    { loadTokenizer, signal, onProgress }
  );
  const idField = proposeIdField(columns, records);
  const repeated = idField === null && columns.find((column) => /^id$/i.test(column.name));
  const found = repeated ? [repeatedId(repeated.name), ...issues] : issues;
  return {
    draft: { records, passages, ids: null, columns, firstNumber: 1 },
    summary: {
      // A collection is called after its file, without what says how it is written.
      name: name.replace(/(?<=.)\.[a-z]+$/i, ''),
      format,
      records: records.length,
      columns,
      issues: found,
      issueCount: issueCount + found.length - issues.length,
      template: proposeTemplate(columns),
      idField,
      titleField: proposeTitleField(columns)
    }
  };
}

/** Numbered by us, no row is lost; what taking the column would mean is the reader's to decide. */
function repeatedId(name: string): Issue {
  const message = `The values of “${name}” are missing or repeat, so items are numbered by us. Choose it as Item id to let the last of each win.`;
  return { code: 'id-repeats', message };
}

/**
 * Reads the live items of a collection into a draft, with their ids and the types they have; throws
 * `StoreError` `collection-gone`.
 */
export async function readCollection(
  db: Database,
  id: CollectionId,
  signal: AbortSignal
): Promise<{ draft: Draft; summary: DraftSummary }> {
  const { name, template, idField, titleField, fields } = await getCollection(db, id);
  const dead = await getDeadRows(db, id);
  // While an item waits to replace another, both are there: the newer one counts.
  const items = new Map<string, StagedItem>();
  const survey = new ColumnSurvey(fields.map((field) => field.name));
  for await (const block of iterateBlocks(db, id)) {
    throwIfCancelled(signal);
    for (const item of block.items) if (!bitAt(dead.bits, item.row)) items.set(item.id, item);
  }
  const live = [...items.values()];
  for (const item of live) survey.add(item.fields);
  const types = new Map(fields.map((field) => [field.name, field.type]));
  const columns = survey.columns().map((column) => ({
    ...column,
    type: types.get(column.name) ?? column.type
  }));
  return {
    draft: {
      records: live.map((item) => item.fields),
      passages: live.map((item) => item.passage),
      ids: live.map((item) => item.id),
      columns,
      firstNumber: 1
    },
    summary: {
      name,
      format: 'collection',
      records: live.length,
      columns,
      issues: [],
      issueCount: 0,
      template,
      idField,
      titleField
    }
  };
}

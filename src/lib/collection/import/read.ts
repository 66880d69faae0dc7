import { ImportError, throwIfCancelled } from '#lib/base/errors.ts';
import type { Tokenizer } from '#lib/embedding/types.ts';
import type { Fields, FieldType, Issue, Passage } from '../types.ts';
import { ColumnSurvey, convertRecord, typesOf, type Column } from './columns.ts';
import { openText, type OpenedText, type ReadContext } from './decode.ts';
import { detectFormat, type Format } from './detect.ts';
import { IssueList } from './issues.ts';
import { readJson, readJsonLines } from './json.ts';
import { Pace } from './pace.ts';
import { cutPassages } from './passages.ts';
import { readTable } from './table.ts';

/** A file as records, and what is worth knowing about it. */
export interface RecordSet {
  /** Name of the file. */
  name: string;
  format: Format;
  records: Fields[];
  /** Parallel to `records` when these are passages of a text, else empty. */
  passages: (Passage | undefined)[];
  columns: Column[];
  /** At most `MAX_ISSUES`. */
  issues: Issue[];
  /** How many there are in all. */
  issueCount: number;
}

/** What reading needs, and how passages are cut. */
export interface ReadOptions {
  /** Called only for texts that are cut into passages. */
  loadTokenizer: () => Promise<Tokenizer>;
  /** Most tokens of a passage. */
  passageTokens?: number;
  /** Most tokens that a passage repeats of the one before it. */
  overlapTokens?: number;
  signal?: AbortSignal;
  /** Told now and then how far the file has been read, and at its end. */
  onProgress?: (readBytes: number, totalBytes: number) => void;
}

/**
 * Reads a file (or pasted text as a Blob; a name without extension lets the content decide its
 * format) into records with typed values. Bad rows are listed, not thrown. Long files are read piece
 * by piece, with pauses in which an abort is heard.
 * Throws ImportError when nothing can be read: `empty`, `binary`, `unreadable`, `json`, `no-records`;
 * CancelledError when the signal aborts.
 */
export async function readRecords(
  source: { name: string; blob: Blob },
  options: ReadOptions
): Promise<RecordSet> {
  const { signal, onProgress } = options;
  throwIfCancelled(signal);
  const issues = new IssueList();
  const context: ReadContext = { issues, pace: new Pace(signal), signal, onProgress };
  const text = await openText(source.blob, context);
  const format = detectFormat(source.name, text.sample, text.whole);

  const read = await readFormat(source.name, format, text, context, options);
  if (read.records.length === 0) {
    throw new ImportError(
      'empty',
      'There is nothing to import in this file.',
      'Choose a file with rows below the column names, or with text in it.'
    );
  }
  const columns = await typeRecords(read, context.pace);
  return {
    name: source.name,
    format: read.format,
    records: read.records,
    passages: read.passages,
    columns,
    issues: issues.kept,
    issueCount: issues.count
  };
}

interface ReadResult {
  format: Format;
  records: Fields[];
  passages: Passage[];
  /** Order of the columns, where the records' own is not reliable. */
  names: string[];
  /** Types that are known, whatever the values look like. */
  types?: Record<string, FieldType>;
}

async function readFormat(
  name: string,
  format: Format,
  text: OpenedText,
  context: ReadContext,
  options: ReadOptions
): Promise<ReadResult> {
  switch (format) {
    case 'csv':
    case 'tsv':
      return { ...(await readTable(text, format, context)), passages: [] };
    case 'json':
      return { format, records: await readJson(text, context), passages: [], names: [] };
    case 'jsonl':
      return { format, records: await readJsonLines(text, context), passages: [], names: [] };
    case 'text':
    case 'markdown':
      return { format, ...(await readPassages(name, format, text, context, options)) };
  }
}

const PASSAGE_TYPES: Record<string, FieldType> = {
  text: 'text',
  heading: 'text',
  source: 'text',
  passage: 'number'
};

async function readPassages(
  source: string,
  format: 'text' | 'markdown',
  text: OpenedText,
  { pace }: ReadContext,
  { loadTokenizer, passageTokens = 200, overlapTokens = 40 }: ReadOptions
): Promise<Omit<ReadResult, 'format'>> {
  const pieces: string[] = [];
  for await (const piece of text.chunks()) pieces.push(piece);
  const cut = await cutPassages(pieces.join('').replace(/\r\n?/g, '\n'), {
    isMarkdown: format === 'markdown',
    maxTokens: passageTokens,
    overlapTokens,
    tokenizer: await loadTokenizer(),
    pace
  });
  return {
    records: cut.map(({ text, heading }, i) => ({ text, heading, source, passage: i + 1 })),
    passages: cut.map((_, index) => ({ source, index, count: cut.length })),
    names: Object.keys(PASSAGE_TYPES),
    types: PASSAGE_TYPES
  };
}

/** As `inferColumns`, with pauses. */
async function typeRecords({ records, names, types }: ReadResult, pace: Pace): Promise<Column[]> {
  const survey = new ColumnSurvey(names);
  for (const record of records) {
    survey.add(record);
    if (pace.due()) await pace.rest();
  }
  const columns = survey.columns();
  for (const column of columns) column.type = types?.[column.name] ?? column.type;
  const byName = typesOf(columns);
  for (const record of records) {
    convertRecord(record, byName);
    if (pace.due()) await pace.rest();
  }
  return columns;
}

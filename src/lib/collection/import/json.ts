import { ImportError } from '#lib/base/errors.ts';
import type { Fields } from '../types.ts';
import type { OpenedText, ReadContext } from './decode.ts';
import { Flattener, isObject } from './flatten.ts';
import type { IssueList } from './issues.ts';
import { findJsonFault } from './json-fault.ts';

/** Whole numbers with more digits would come back changed; they are read as texts. */
const LONG_INTEGER = /^-?\d{16,}$/;
const MAYBE_LONG_INTEGER = /\d{16}/;

/**
 * Records of a JSON text: an array of objects or of plain values, or the largest such array inside
 * an object. Values that hold nothing are listed.
 * Throws ImportError `json` with line and column where the text is not JSON, `no-records` where
 * there is no array.
 */
export async function readJson(text: OpenedText, context: ReadContext): Promise<Fields[]> {
  const pieces: string[] = [];
  for await (const piece of text.chunks()) pieces.push(piece);
  const values = findRecords(parseJson(pieces.join('')), context.issues);

  const flattener = new Flattener(context.issues);
  const records: Fields[] = [];
  for (const [i, value] of values.entries()) {
    const record = flattener.flatten(value);
    if (record) records.push(record);
    else context.issues.add('blank-row', `Entry ${i + 1} holds nothing and was skipped.`);
    if (context.pace.due()) await context.pace.rest();
  }
  return records;
}

/**
 * Records of a text that holds one JSON value in each line. Lines that are not JSON are listed and
 * skipped; blank lines are skipped.
 */
export async function readJsonLines(text: OpenedText, context: ReadContext): Promise<Fields[]> {
  const flattener = new Flattener(context.issues);
  const records: Fields[] = [];
  let lineNumber = 0;
  for await (const line of splitLines(text.chunks())) {
    lineNumber++;
    if (line.trim() === '') continue;
    const record = parseLine(line, lineNumber, flattener, context.issues);
    if (record) records.push(record);
    if (context.pace.due()) await context.pace.rest();
  }
  return records;
}

function parseLine(
  line: string,
  lineNumber: number,
  flattener: Flattener,
  issues: IssueList
): Fields | null {
  let value: unknown;
  try {
    value = parseExactly(line);
  } catch {
    const fault = findJsonFault(line);
    const where = fault ? ` (column ${fault.column}: ${fault.what})` : '';
    issues.add('bad-line', `This line is not JSON and was skipped${where}.`, lineNumber);
    return null;
  }
  const record = flattener.flatten(value);
  if (!record) issues.add('blank-row', 'This line holds nothing and was skipped.', lineNumber);
  return record;
}

/** Parses JSON. Throws ImportError `json` with line and column of the fault. */
export function parseJson(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    const fault = findJsonFault(text);
    const where = fault ? ` (line ${fault.line}, column ${fault.column}: ${fault.what})` : '';
    const detail = fault ? { line: fault.line, column: fault.column } : {};
    throw new ImportError(
      'json',
      `This is not valid JSON${where}.`,
      'Correct it there, and try again.',
      detail
    );
  }
}

/** `JSON.parse`, but long whole numbers (ids, as a rule) keep all their digits, as texts. */
function parseExactly(text: string): unknown {
  if (!MAYBE_LONG_INTEGER.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    return typeof value === 'number' && source && LONG_INTEGER.test(source) ? source : value;
  });
}

/** The entries of the value itself or of the largest array in it, reached through objects only. */
function findRecords(value: unknown, issues: IssueList): unknown[] {
  if (Array.isArray(value)) return value;
  const found = [...arraysIn(value)].sort(
    (a, b) => b.objects - a.objects || b.values.length - a.values.length
  );
  const best = found[0];
  if (!best) {
    throw new ImportError(
      'no-records',
      'This JSON holds no array of records.',
      'It should be an array such as [{"title": "…"}], or an object that holds one.'
    );
  }
  const others = found.slice(1).filter(({ objects }) => objects > 0);
  if (others.length > 0) {
    const names = others.slice(0, 5).map(({ path }) => `“${path}”`);
    issues.add(
      'json-choice',
      `Records are the ${best.values.length} entries of “${best.path}”; not read: ${names.join(', ')}${others.length > 5 ? '…' : ''}.`
    );
  }
  return best.values;
}

interface FoundArray {
  path: string;
  values: unknown[];
  /** How many of the values are objects. */
  objects: number;
}

function* arraysIn(root: unknown): Generator<FoundArray> {
  const waiting: { path: string; value: unknown }[] = [{ path: '', value: root }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { path, value } = next;
    if (Array.isArray(value)) {
      if (value.length > 0) yield { path, values: value, objects: value.filter(isObject).length };
    } else if (isObject(value)) {
      const entries = Object.entries(value).reverse();
      for (const [key, inner] of entries) {
        waiting.push({ path: path === '' ? key : `${path}.${key}`, value: inner });
      }
    }
  }
}

/** Lines of a text that comes in pieces, without their ends (LF, CRLF or CR LF across pieces). */
async function* splitLines(pieces: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let parts: string[] = [];
  for await (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', start)) {
      parts.push(piece.slice(start, end));
      yield parts.join('');
      parts = [];
      start = end + 1;
    }
    parts.push(piece.slice(start));
  }
  yield parts.join('');
}

import { findTableFormat } from './delimiter.ts';
import { findJsonFault } from './json-fault.ts';
import { isNumberText } from './values.ts';

/** Formats that files are read as. */
export type Format = 'csv' | 'tsv' | 'json' | 'jsonl' | 'text' | 'markdown';

const BY_EXTENSION: Record<string, Format> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  json: 'json',
  geojson: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  md: 'markdown',
  markdown: 'markdown'
};

/** Lines looked at to tell JSON Lines from JSON. */
const SAMPLE_LINES = 20;

/**
 * The format of a file or pasted text, from its name and beginning: the extension decides, except
 * between JSON and JSON Lines, which are often misnamed; names that say nothing (`.txt`, none)
 * leave it to the content. Whatever looks like nothing else is text.
 * @param sample beginning of the text
 * @param whole whether the sample is all of it
 */
export function detectFormat(name: string, sample: string, whole: boolean): Format {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const named = BY_EXTENSION[extension];
  if (named === 'json') return looksLikeJsonLines(sample, whole) ? 'jsonl' : 'json';
  if (named === 'jsonl') {
    const isArray = sample.trimStart().startsWith('[') && !looksLikeJsonLines(sample, whole);
    return isArray ? 'json' : 'jsonl';
  }
  if (named) return named;

  if (looksLikeJsonLines(sample, whole)) return 'jsonl';
  if (looksLikeJson(sample)) return 'json';
  const delimiter = looksLikeTable(sample, whole);
  if (delimiter) return delimiter === '\t' ? 'tsv' : 'csv';
  return extension !== 'txt' && looksLikeMarkdown(sample) ? 'markdown' : 'text';
}

/** Several lines, of which the most are JSON objects or arrays on their own. */
function looksLikeJsonLines(sample: string, whole: boolean): boolean {
  if (!/^\s*[[{]/.test(sample)) return false;
  const lines = sample.split('\n');
  const isCut = !whole && lines.length > 1;
  const looked = (isCut ? lines.slice(0, -1) : lines)
    .filter((line) => line.trim() !== '')
    .slice(0, SAMPLE_LINES);
  const good = looked.filter((line) => /^\s*[[{]/.test(line) && !findJsonFault(line)).length;
  const hasMore = looked.length > 1 || (isCut && lines.length > 1);
  return hasMore && good * 2 >= looked.length && !isOneValue(sample, lines);
}

/** `[`, `{…},`, `{…}`, `]` is one array, though some of its lines are values. */
function isOneValue(sample: string, lines: string[]): boolean {
  const first = lines.find((line) => line.trim() !== '')!;
  const isOpen = findJsonFault(first)?.isCut === true;
  const fault = findJsonFault(sample);
  return isOpen && (!fault || fault.isCut);
}

/** JSON, JSON cut off by the sample's end, or what was meant to be: `{ "…` or `[{ "…`. */
function looksLikeJson(sample: string): boolean {
  if (/^\s*(?:\[\s*)?\{\s*["}]/.test(sample)) return true;
  if (!/^\s*\[/.test(sample)) return false;
  const fault = findJsonFault(sample);
  return !fault || fault.isCut;
}

/**
 * The delimiter when the text is surely a table: two rows or more that split alike below a header
 * of short, distinct names. Prose has commas too, but spaces behind them and uneven lines.
 */
function looksLikeTable(sample: string, whole: boolean): string | undefined {
  const { rows, delimiter } = findTableFormat(sample, whole, 'csv');
  const [header = [], ...others] = rows;
  if (header.length < 2 || others.length === 0) return undefined;
  const alike = others.filter((cells) => cells.length === header.length).length;
  if (alike < others.length * 0.9) return undefined;

  const names = header.map((cell) => cell.trim());
  if (new Set(names).size < names.length) return undefined;
  if (names.some((name) => name === '' || name.length > 60 || /[.!?…]$/.test(name))) {
    return undefined;
  }
  if (delimiter === '\t') return delimiter;
  const isTight = header.slice(1).every((cell) => !cell.startsWith(' '));
  const holdsNumbers = header.some((_, i) =>
    others.every((cells) => isNumberText(cells[i]?.trim() ?? ''))
  );
  return isTight || holdsNumbers ? delimiter : undefined;
}

/** A heading, or fenced code. */
function looksLikeMarkdown(sample: string): boolean {
  return /^ {0,3}#{1,6} +\S/m.test(sample) || /^(?:```|~~~)/m.test(sample);
}

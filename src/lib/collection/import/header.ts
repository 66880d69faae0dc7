import type { IssueList } from './issues.ts';
import { cleanName, uniqueName } from './names.ts';
import { isNumberText, toIsoDate } from './values.ts';

/** Longest text that may name a column. */
const MAX_NAME_LENGTH = 120;

/**
 * Whether the first of a table's rows names the columns rather than being data. It is data when all
 * its cells are numbers, dates or truth values; when its first cell is a number as the ones below
 * it; when a cell is too long for a name; or when the only column starts with a sentence.
 */
export function hasHeader(rows: string[][]): boolean {
  const [first = [], ...others] = rows;
  const filled = first.map((cell) => cell.trim()).filter((cell) => cell !== '');
  if (filled.every(isPlainValue)) return false;
  if (filled.some((cell) => cell.length > MAX_NAME_LENGTH)) return false;
  if (first.length === 1) return !isSentence(filled[0]!);
  const below = others.map((cells) => cells[0] ?? '');
  const countsRows = isNumberText(first[0]!.trim()) && below.every((cell) => isNumberText(cell));
  return !(countsRows && below.length > 0);
}

function isPlainValue(cell: string): boolean {
  return isNumberText(cell) || /^(true|false)$/i.test(cell) || toIsoDate(cell) !== null;
}

function isSentence(text: string): boolean {
  return /[.!?…]$/.test(text) || text.split(/\s+/).length > 6;
}

/**
 * Names for the columns of a table: the header's, cleaned, made unique, and numbered where empty;
 * what had to be changed is listed.
 */
export function nameColumns(header: string[], line: number, issues: IssueList): string[] {
  const names: string[] = [];
  const taken = new Set<string>(header.map(cleanName));
  const given = new Set<string>();
  const numbers = new Map<string, number>();
  header.forEach((cell, i) => {
    const clean = cleanName(cell);
    const wanted = clean || `Column ${i + 1}`;
    const name =
      clean && !given.has(clean)
        ? clean
        : uniqueName(wanted, (candidate) => taken.has(candidate) || given.has(candidate), numbers);
    given.add(name);
    names.push(name);
    if (!clean) {
      issues.add('header-empty', `Column ${i + 1} has no name and is called “${name}”.`, line);
    } else if (name !== clean) {
      issues.add(
        'header-duplicate',
        `Two columns are called “${clean}”; column ${i + 1} is now “${name}”.`,
        line
      );
    }
  });
  return names;
}

/** Names for the columns of a table without a header. */
export function numberColumns(count: number): string[] {
  if (count === 1) return ['text'];
  return Array.from({ length: count }, (_, i) => `Column ${i + 1}`);
}

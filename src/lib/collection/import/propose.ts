import type { Fields } from '../types.ts';
import type { Column } from './columns.ts';

/** Most fields a proposed template has; of more, the longest texts are taken. */
const MAX_TEMPLATE_FIELDS = 8;

/** Longest mean length, in UTF-16 units, of what can head an item. */
const MAX_TITLE_LENGTH = 120;

const ID_NAME = /(?:^|[._\s-])(?:id|uuid|guid|key|sku|asin|isbn|doi|slug|pmid)$|^code$/i;
const CAMEL_ID = /[a-z]I[Dd]$/;
const LINK = /^(?:[a-z][a-z\d+.-]*:\/\/|www\.|data:|mailto:|[^\s@]+@[^\s@]+\.[a-z]+$|\/\S*$)/i;
const CODE = /^(?=\S*\d)[\w.:/#-]{1,64}$/;
/** What a ragged table's surplus cells are kept under: no part of most records. */
const SURPLUS_NAME = /^extra( \d+)?$/;
const TITLE_NAMES = [
  'title',
  'name',
  'headline',
  'subject',
  'heading',
  'product',
  'question',
  'label'
];
/** Columns of a text that was cut into passages. */
const PASSAGE_COLUMNS = 'heading,passage,source,text';

/**
 * A template of the columns that say something in words: `Title: {title}\nDescription: {description}`,
 * or `{text}` where only one does. Ids, links, codes, numbers, dates, truth values and columns that
 * are the same everywhere are left out, unless nothing else is there.
 */
export function proposeTemplate(columns: Column[]): string {
  const names = columns.map(({ name }) => name);
  if ([...names].sort().join() === PASSAGE_COLUMNS) {
    const hasHeadings = columns.some(({ name, filled }) => name === 'heading' && filled > 0);
    return hasHeadings ? '{heading}\n{text}' : '{text}';
  }
  const wordy = columns.filter(isWordy);
  const filled = columns.filter((column) => column.filled > 0);
  const nameless = filled.filter(({ name }) => !hasIdName(name));
  const chosen = longest([wordy, nameless, filled].find((some) => some.length > 0) ?? columns);
  if (chosen.length === 1) return `{${chosen[0]!.name}}`;
  return chosen.map(({ name }) => `${labelOf(name)}: {${name}}`).join('\n');
}

/**
 * The column that can identify records: every record has a value, no two the same, and its name or
 * its values look like ids. Null when there is none.
 */
export function proposeIdField(columns: Column[], records: Fields[]): string | null {
  const full = columns.filter(
    ({ filled, type }) =>
      filled === records.length && filled > 0 && (type === 'text' || type === 'number')
  );
  const named = full.filter(({ name }) => hasIdName(name));
  const coded = full.filter(
    ({ name, type, examples }) =>
      type === 'text' && !hasIdName(name) && examples.every((example) => CODE.test(example))
  );
  const unique = [...named, ...coded].find(({ name }) => isUnique(name, records));
  return unique?.name ?? null;
}

/**
 * The column that can head an item: by its name, else the first column of short texts that differ.
 * Null when there is none.
 */
export function proposeTitleField(columns: Column[]): string | null {
  const most = Math.max(0, ...columns.map(({ filled }) => filled));
  const usable = columns.filter(
    (column) =>
      column.type === 'text' &&
      column.filled * 2 >= most &&
      column.filled > 0 &&
      column.meanLength <= MAX_TITLE_LENGTH &&
      !column.examples.every(isLink)
  );
  for (const title of TITLE_NAMES) {
    const named = usable.find(({ name }) => lastWord(name) === title);
    if (named) return named.name;
  }
  const varied = usable.find(
    (column) => isWordy(column) && column.distinct * 2 >= Math.min(column.filled, 1000)
  );
  return varied?.name ?? null;
}

function isWordy(column: Column): boolean {
  const { name, type, filled, distinct, examples } = column;
  if (type !== 'text' && type !== 'list') return false;
  if (filled === 0 || (distinct === 1 && filled > 1)) return false;
  if (hasIdName(name) || (type === 'list' && SURPLUS_NAME.test(name))) return false;
  return !examples.every(
    (example) => isLink(example) || CODE.test(example) || !/\p{L}{2}/u.test(example)
  );
}

function hasIdName(name: string): boolean {
  return ID_NAME.test(name) || CAMEL_ID.test(name);
}

function isLink(text: string): boolean {
  return LINK.test(text);
}

function isUnique(name: string, records: Fields[]): boolean {
  const seen = new Set<string>();
  for (const record of records) seen.add(String(record[name]).trim());
  return seen.size === records.length;
}

/** The columns with the longest texts, in their own order. */
function longest(columns: Column[]): Column[] {
  if (columns.length <= MAX_TEMPLATE_FIELDS) return columns;
  const byLength = [...columns].sort((a, b) => b.meanLength - a.meanLength);
  const chosen = new Set(byLength.slice(0, MAX_TEMPLATE_FIELDS));
  return columns.filter((column) => chosen.has(column));
}

/** `short_description` → `Short description`. */
function labelOf(name: string): string {
  const words = name
    .replace(
      /([a-z])([A-Z][a-z])/g,
      (_, end: string, start: string) => `${end} ${start.toLowerCase()}`
    )
    .replace(/[._-]+/g, ' ')
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function lastWord(name: string): string {
  return name
    .toLowerCase()
    .split(/[._\s-]/)
    .at(-1)!;
}

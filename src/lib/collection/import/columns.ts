import type { Field, Fields, FieldType, FieldValue } from '../types.ts';
import { decimalsOf, endsInLostZero, isNumberText, toIsoDate, toList } from './values.ts';

/** Distinct values are counted up to this many; `distinct` then means "at least". */
export const MAX_DISTINCT = 1000;

const EXAMPLES = 3;
const EXAMPLE_LENGTH = 80;

/** A field as a file holds it, with what helps to choose and to propose. */
export interface Column extends Field {
  /** Records that have a value. */
  filled: number;
  /** Up to three different values as short texts. */
  examples: string[];
  /** Different values, counted up to {@link MAX_DISTINCT}. */
  distinct: number;
  /** Mean length of the values as text, in UTF-16 units; 0 without values. */
  meanLength: number;
}

/** The types all values of a column seen so far may have; text is always left. */
interface Sketch {
  name: string;
  filled: number;
  length: number;
  examples: string[];
  distinct: Set<string>;
  number: boolean;
  boolean: boolean;
  date: boolean;
  list: boolean;
  hasLists: boolean;
  /** Digits behind the point, of numbers with a point; -1 = none seen, -2 = they differ. */
  decimals: number;
  lostZeros: boolean;
}

/** Looks at records one by one and finds the columns they share and what these hold. */
export class ColumnSurvey {
  readonly #sketches = new Map<string, Sketch>();

  /** `names` puts columns into an order of their own, ahead of others. */
  constructor(names: string[] = []) {
    for (const name of names) this.#sketches.set(name, newSketch(name));
  }

  /** Takes one record into account. */
  add(record: Fields): void {
    for (const name in record) {
      let sketch = this.#sketches.get(name);
      if (!sketch) this.#sketches.set(name, (sketch = newSketch(name)));
      const value = record[name]!;
      if (!isEmpty(value)) look(sketch, value);
    }
  }

  /** The columns, in order of first appearance. */
  columns(): Column[] {
    return Array.from(this.#sketches.values(), (sketch) => ({
      name: sketch.name,
      type: typeOf(sketch),
      filled: sketch.filled,
      examples: sketch.examples,
      distinct: sketch.distinct.size,
      meanLength: sketch.filled === 0 ? 0 : sketch.length / sketch.filled
    }));
  }
}

/**
 * Finds the columns of records and converts the records' values, in place, to their types. A type
 * holds only when every value has it: mixed columns are text. Empty texts become null.
 */
export function inferColumns(records: Fields[]): Column[] {
  const survey = new ColumnSurvey();
  for (const record of records) survey.add(record);
  const columns = survey.columns();
  const types = typesOf(columns);
  for (const record of records) convertRecord(record, types);
  return columns;
}

/** The type of each column, by its name. */
export function typesOf(columns: Column[]): Map<string, FieldType> {
  return new Map(columns.map(({ name, type }) => [name, type]));
}

/** Converts a record's values, in place, to the types of their columns. */
export function convertRecord(record: Fields, types: Map<string, FieldType>): void {
  for (const name in record) {
    const value = record[name]!;
    record[name] = isEmpty(value) ? null : convert(value, types.get(name)!);
  }
}

function newSketch(name: string): Sketch {
  return {
    name,
    filled: 0,
    length: 0,
    examples: [],
    distinct: new Set(),
    number: true,
    boolean: true,
    date: true,
    list: true,
    hasLists: false,
    decimals: -1,
    lostZeros: false
  };
}

function isEmpty(value: FieldValue): boolean {
  if (typeof value === 'string') return value === '' || (value[0]! <= ' ' && value.trim() === '');
  return value === null || (typeof value === 'object' && value.length === 0);
}

function look(sketch: Sketch, value: NonNullable<FieldValue>): void {
  const text = typeof value === 'object' ? value.join(', ') : String(value);
  sketch.filled++;
  sketch.length += text.length;
  if (sketch.distinct.size < MAX_DISTINCT) {
    if (sketch.examples.length < EXAMPLES && !sketch.distinct.has(text)) {
      sketch.examples.push(shorten(text));
    }
    sketch.distinct.add(text);
  }

  if (typeof value === 'string') return lookAtText(sketch, text.trim());
  if (typeof value === 'object') sketch.hasLists = true;
  else sketch.list = false;
  sketch.number &&= typeof value === 'number';
  sketch.boolean &&= typeof value === 'boolean';
  sketch.date = false;
}

function lookAtText(sketch: Sketch, text: string): void {
  if (sketch.number) {
    sketch.number = isNumberText(text);
    const decimals = decimalsOf(text);
    if (decimals > 0 && sketch.decimals !== decimals) {
      sketch.decimals = sketch.decimals === -1 ? decimals : -2;
    }
    sketch.lostZeros ||= endsInLostZero(text);
  }
  sketch.boolean &&= /^(?:true|false)$/i.test(text);
  sketch.date &&= toIsoDate(text) !== null;
  sketch.list &&= toList(text) !== null;
}

function typeOf(sketch: Sketch): FieldType {
  if (sketch.filled === 0) return 'text';
  // Prices all have two decimals; among 1.9, 1.10 and 1.11 the zero counts.
  if (sketch.number && !(sketch.lostZeros && sketch.decimals === -2)) return 'number';
  if (sketch.boolean) return 'boolean';
  if (sketch.date) return 'date';
  if (sketch.list || sketch.hasLists) return 'list';
  return 'text';
}

function convert(value: NonNullable<FieldValue>, type: FieldType): FieldValue {
  if (type === 'list') {
    if (typeof value === 'object') return value;
    return (typeof value === 'string' ? toList(value.trim()) : null) ?? [String(value)];
  }
  if (type === 'text') return typeof value === 'string' ? value : String(value);
  if (typeof value !== 'string') return value;
  if (type === 'number') return Number(value);
  if (type === 'boolean') return value.trim().toLowerCase() === 'true';
  return toIsoDate(value.trim());
}

function shorten(text: string): string {
  const flat = text
    .slice(0, 2 * EXAMPLE_LENGTH)
    .replace(/\s+/g, ' ')
    .trim();
  return flat.length > EXAMPLE_LENGTH ? `${flat.slice(0, EXAMPLE_LENGTH - 1)}…` : flat;
}

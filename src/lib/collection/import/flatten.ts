import type { Fields } from '../types.ts';
import type { IssueList } from './issues.ts';
import { cleanName, uniqueName } from './names.ts';

/** Deeper values are left out: nobody filters by them, and hostile files nest without end. */
const MAX_DEPTH = 32;

/** Columns of one file; objects used as dictionaries would otherwise make one for each key. */
const MAX_COLUMNS = 1000;

/**
 * Turns the values of JSON into flat records: nested values stand under their path (`author.name`),
 * arrays of scalars are lists, and arrays of objects give lists by path (`reviews.text`). A scalar
 * stands in the field `text`.
 */
export class Flattener {
  readonly #issues: IssueList;
  /** Field name of each path seen. */
  readonly #names = new Map<string, string>();
  readonly #left = new Set<string>();

  constructor(issues: IssueList) {
    this.#issues = issues;
  }

  /** The record of one value, or null when there is nothing in it. */
  flatten(value: unknown): Fields | null {
    const fields: Fields = {};
    if (isObject(value)) this.#addObject(fields, value, '', false, 0);
    else if (Array.isArray(value)) this.#addList(fields, value, 'values', 0);
    else this.#addScalar(fields, value, 'text', false);
    for (const name in fields) if (fields[name] !== null) return fields;
    return null;
  }

  #addObject(fields: Fields, value: object, path: string, inList: boolean, depth: number): void {
    if (depth > MAX_DEPTH) return this.#leave('too-deep', `more than ${MAX_DEPTH} levels deep`);
    for (const [key, inner] of Object.entries(value)) {
      const innerPath = path === '' ? key : `${path}.${key}`;
      if (isObject(inner)) this.#addObject(fields, inner, innerPath, inList, depth + 1);
      else if (Array.isArray(inner)) this.#addList(fields, inner, innerPath, depth + 1);
      else this.#addScalar(fields, inner, innerPath, inList);
    }
  }

  #addList(fields: Fields, values: unknown[], path: string, depth: number): void {
    if (depth > MAX_DEPTH) return this.#leave('too-deep', `more than ${MAX_DEPTH} levels deep`);
    for (const value of values) {
      if (isObject(value)) this.#addObject(fields, value, path, true, depth + 1);
      else if (Array.isArray(value)) this.#addList(fields, value, path, depth + 1);
      else this.#addScalar(fields, value, path, true);
    }
  }

  #addScalar(fields: Fields, value: unknown, path: string, inList: boolean): void {
    const name = this.#nameOf(path);
    if (name === undefined) return;
    const scalar = value as string | number | boolean | null;
    if (inList) {
      if (scalar === null || scalar === '') return;
      const list = Object.hasOwn(fields, name) ? fields[name] : null;
      if (Array.isArray(list)) list.push(String(scalar));
      else fields[name] = list === null ? [String(scalar)] : [String(list), String(scalar)];
      return;
    }
    // Two paths may look the same: {"a.b": 1, "a": {"b": 2}}.
    const free = uniqueName(name, (candidate) => Object.hasOwn(fields, candidate));
    fields[free] = scalar === '' ? null : scalar;
  }

  #nameOf(path: string): string | undefined {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    if (this.#names.size >= MAX_COLUMNS) {
      this.#leave('too-many-columns', `beyond the first ${MAX_COLUMNS} fields`);
      return undefined;
    }
    const name = cleanName(path) || 'Column';
    this.#names.set(path, name);
    return name;
  }

  #leave(code: string, which: string): void {
    if (this.#left.has(code)) return;
    this.#left.add(code);
    this.#issues.add(code, `Values ${which} were left out.`);
  }
}

/** Whether a value of JSON is an object, not an array or null. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

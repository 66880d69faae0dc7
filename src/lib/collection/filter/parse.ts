import { parseTree, type Node } from 'jsonc-parser';
import { FilterError } from '#lib/base/errors.ts';
import { findJsonFault } from '../import/json-fault.ts';
import { toRegex } from './regex.ts';
import type { Comparison, Condition, Containment, Filter, Membership, Operand } from './types.ts';

const COMPARISONS = new Set<string>(['$eq', '$ne', '$gt', '$gte', '$lt', '$lte']);
const ORDERS = new Set<string>(['$gt', '$gte', '$lt', '$lte']);
const MEMBERSHIPS = new Set<string>(['$in', '$nin']);
const CONTAINMENTS = new Set<string>(['$contains', '$not_contains', '$regex']);
const OPERATORS = [...COMPARISONS, ...MEMBERSHIPS, ...CONTAINMENTS].join(' ');
/** Chroma's name for the text, where a field's would stand. */
const DOCUMENT = '#document';
/** Deeper filters are no person's, and a parser's recursion has an end. */
const DEEPEST = 64;

/**
 * Reads a filter as it is written in JSON (see `Filter`): `{"price": {"$lt": 50}}`, `{"category":
 * "Kitchen"}`, several fields or operators in one object for all of them, `$and` and `$or` with a list,
 * `$contains`, `$not_contains` and `$regex` in a field's place (or under `#document`) for the text. A
 * field whose name begins with `$` or `#` is written with that sign twice. A blank text and `{}` are no
 * filter: null.
 *
 * Throws `FilterError` `filter` with what is wrong, `detail` telling where: 0-based `position` and
 * `length`, 1-based `line` and `column`.
 */
export function parseFilter(json: string): Filter | null {
  if (json.trim() === '') return null;
  const fault = findJsonFault(json);
  if (fault) throw faultAt(json, offsetOf(json, fault), 1, upperFirst(fault.what));
  refuseDeep(json);
  const reader = new Reader(json);
  const parts = reader.object(parseTree(json)!);
  return parts.length === 0 ? null : joined(parts);
}

/** Turns the nodes of a JSON text into conditions. */
class Reader {
  readonly #json: string;

  constructor(json: string) {
    this.#json = json;
  }

  /** What all of an object's entries say. */
  object(node: Node): Filter[] {
    if (node.type !== 'object') {
      throw this.#fault(node, 'A filter is an object, such as {"price": {"$lt": 50}}');
    }
    return this.#entries(node).flatMap(([key, value]) => this.#entry(key, value));
  }

  #entry(key: Node, value: Node): Filter[] {
    const name = key.value as string;
    if (name === '$and' || name === '$or') {
      const parts = this.#list(value, name).map((part) => this.#part(part));
      return [parts.length === 1 ? parts[0]! : { operator: name, parts }];
    }
    if (name === DOCUMENT) return this.#tests(null, value);
    if (CONTAINMENTS.has(name)) return [this.#condition(null, key, value)];
    if (/^[$#]/.test(name)) {
      if (name[1] === name[0]) return this.#field(name.slice(1), value);
      const known = 'In the place of a field stand $and, $or, $contains, $not_contains or $regex';
      throw this.#fault(key, `${quoted(name)} is not known here. ${known}`);
    }
    return this.#field(name, value);
  }

  #part(node: Node): Filter {
    const parts = this.object(node);
    if (parts.length === 0) throw this.#fault(node, 'This part says nothing');
    return joined(parts);
  }

  #field(field: string, value: Node): Filter[] {
    if (value.type === 'object') return this.#tests(field, value);
    return [{ field, operator: '$eq', value: this.#operand(value) }];
  }

  #tests(field: string | null, value: Node): Filter[] {
    if (value.type !== 'object') {
      throw this.#fault(value, 'Here stands an object, such as {"$contains": "steel"}');
    }
    const tests = this.#entries(value);
    if (tests.length === 0) throw this.#fault(value, 'This condition says nothing');
    return tests.map(([key, operand]) => this.#condition(field, key, operand));
  }

  #condition(field: string | null, key: Node, value: Node): Condition {
    const operator = key.value as string;
    if (CONTAINMENTS.has(operator)) {
      return { field, operator: operator as Containment, value: this.#text(value, operator) };
    }
    if (field === null) {
      throw this.#fault(
        key,
        `${quoted(operator)} does not go with the text: use $contains, $not_contains or $regex`
      );
    }
    if (MEMBERSHIPS.has(operator)) {
      const list = this.#list(value, operator).map((one) => this.#operand(one));
      return { field, operator: operator as Membership, value: list };
    }
    if (!COMPARISONS.has(operator)) {
      throw this.#fault(key, `${quoted(operator)} is no operator. There are ${OPERATORS}`);
    }
    const operand = this.#operand(value);
    if (ORDERS.has(operator) && typeof operand === 'boolean') {
      throw this.#fault(value, `${operator} compares numbers and dates`);
    }
    return { field, operator: operator as Comparison, value: operand };
  }

  #operand(node: Node): Operand {
    const value = node.value as unknown;
    if (typeof value === 'string' || typeof value === 'boolean') return value;
    // 1e999 is JSON, and no number that could be kept.
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.#fault(node, 'Here stands a text, a number, true or false');
  }

  #text(node: Node, operator: string): string {
    const text = node.value as unknown;
    if (typeof text !== 'string') throw this.#fault(node, `${operator} takes a text`);
    if (operator === '$regex') {
      try {
        toRegex(text);
      } catch (error) {
        const reason = (error as Error).message.replace(/^Invalid regular expression: /, '');
        throw this.#fault(node, `This is no regular expression: ${reason}`);
      }
    }
    return text;
  }

  #list(node: Node, operator: string): Node[] {
    const items = node.type === 'array' ? (node.children ?? []) : [];
    if (items.length === 0) throw this.#fault(node, `${operator} takes a list that is not empty`);
    return items;
  }

  /** Keys and values of an object; of a key that stands twice, JSON would keep one in silence. */
  #entries(node: Node): [key: Node, value: Node][] {
    const entries = (node.children ?? []).map(({ children }) => children as [Node, Node]);
    const seen = new Set<unknown>();
    for (const [key] of entries) {
      if (seen.has(key.value)) {
        throw this.#fault(key, `${quoted(String(key.value))} stands twice in one object`);
      }
      seen.add(key.value);
    }
    return entries;
  }

  #fault({ offset, length }: Node, what: string): FilterError {
    return faultAt(this.#json, offset, length, what);
  }
}

function joined(parts: Filter[]): Filter {
  return parts.length === 1 ? parts[0]! : { operator: '$and', parts };
}

function refuseDeep(json: string): void {
  let depth = 0;
  // Strings are stepped over piece by piece: one pattern for a whole one overflows on a long one.
  let inString = false;
  for (const { 0: token, index } of json.matchAll(/\\.|["[\]{}]/g)) {
    if (token === '"') inString = !inString;
    if (inString) continue;
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > DEEPEST) throw faultAt(json, index, 1, 'The filter is nested too deeply');
  }
}

function faultAt(json: string, position: number, length: number, what: string): FilterError {
  const before = json.slice(0, position).split('\n');
  const [line, column] = [before.length, before.at(-1)!.length + 1];
  const message = `Line ${line}, column ${column}: ${what}.`;
  return new FilterError('filter', message, 'The last filter that was right stays in force.', {
    position,
    length,
    line,
    column
  });
}

function offsetOf(json: string, { line, column }: { line: number; column: number }): number {
  let offset = 0;
  for (let n = 1; n < line; n++) offset = json.indexOf('\n', offset) + 1;
  return offset + column - 1;
}

function quoted(text: string): string {
  return `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;
}

function upperFirst(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}

import { isGroup, type Condition, type Filter } from './types.ts';

/**
 * A filter as the JSON it is written in, with so many spaces to a level; blank for none. `parseFilter`
 * reads it back as it was.
 */
export function printFilter(filter: Filter | null, indent = 2): string {
  return filter ? JSON.stringify(asObject(filter), null, indent) : '';
}

function asObject(filter: Filter): object {
  if (isGroup(filter)) return { [filter.operator]: filter.parts.map(asObject) };
  const test = shortest(filter);
  if (filter.field === null) return test as object;
  // An own field, also where it is called __proto__.
  return Object.fromEntries([[nameOf(filter.field), test]]);
}

/** `{"field": value}` says that it is equal. */
function shortest({ field, operator, value }: Condition): unknown {
  return operator === '$eq' && field !== null ? value : { [operator]: value };
}

/** A field whose name begins with a sign of the language is written with that sign twice. */
function nameOf(field: string): string {
  return /^[$#]/.test(field) ? field[0]! + field : field;
}

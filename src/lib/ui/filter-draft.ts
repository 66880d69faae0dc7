import type { Condition, Filter, Group, Operand, Operator } from '#lib/collection/filter/types.ts';
import type { FieldType } from '#lib/collection/types.ts';

/** A condition that is being made: its value may still be missing. */
export interface DraftCondition {
  /** Null for the item's text. */
  field: string | null;
  operator: Operator;
  value: Operand | Operand[] | undefined;
}

/** A filter that is being made. */
export type Draft = DraftCondition | DraftGroup;

export interface DraftGroup {
  operator: Group['operator'];
  parts: Draft[];
}

/** What an operator is called. */
export const OPERATOR_WORDS: Record<Operator, string> = {
  $eq: 'is',
  $ne: 'is not',
  $gt: 'is more than',
  $gte: 'is at least',
  $lt: 'is less than',
  $lte: 'is at most',
  $in: 'is one of',
  $nin: 'is none of',
  $contains: 'contains',
  $not_contains: 'does not contain',
  $regex: 'matches regex'
};

const ORDER: Operator[] = ['$gte', '$lte', '$gt', '$lt'];
const EQUAL: Operator[] = ['$eq', '$ne', '$in', '$nin'];
const TEXT: Operator[] = ['$contains', '$not_contains', '$regex'];

/** The operators on offer for a field of a type, the usual one first; null stands for the text. */
export function operatorsFor(type: FieldType | null): Operator[] {
  switch (type) {
    case null:
      return TEXT;
    case 'number':
      return [...ORDER, ...EQUAL];
    case 'date':
      return [...ORDER, ...EQUAL, ...TEXT];
    case 'boolean':
      return ['$eq', '$ne'];
    case 'list':
      return TEXT;
    case 'text':
      return [...EQUAL, ...TEXT];
  }
}

/** Whether a part of a draft is a group. */
export function isDraftGroup(draft: Draft): draft is DraftGroup {
  return 'parts' in draft;
}

/** A filter as a draft of one group, which is what is shown. */
export function draftOf(filter: Filter | null): DraftGroup {
  if (!filter) return { operator: '$and', parts: [] };
  if ('parts' in filter) return filter;
  return { operator: '$and', parts: [filter] };
}

/** What a draft says so far: conditions without a value, and groups of none, are left out. */
export function filterOf(draft: Draft): Filter | null {
  if (!isDraftGroup(draft)) return draft.value === undefined ? null : (draft as Condition);
  const parts = draft.parts.map(filterOf).filter((part) => part !== null);
  if (parts.length < 2) return parts[0] ?? null;
  return { operator: draft.operator, parts };
}

/** A condition about another field: an operator that was chosen stays where it fits. */
export function aboutField(
  condition: DraftCondition,
  field: string | null,
  type: FieldType | null
): DraftCondition {
  const operators = operatorsFor(type);
  const chosen = condition.value !== undefined && operators.includes(condition.operator);
  const operator = chosen ? condition.operator : operators[0]!;
  const value = type === 'boolean' ? true : undefined;
  return { field, operator, value };
}

/** A condition with another operator; a value becomes a list of it, or a list its first. */
export function withOperator(condition: DraftCondition, operator: Operator): DraftCondition {
  const many = operator === '$in' || operator === '$nin';
  const { value } = condition;
  if (value === undefined) return { ...condition, operator };
  const list = Array.isArray(value) ? value : [value];
  return { ...condition, operator, value: many ? list : list[0] };
}

/**
 * The value that a reader typed for a field of a type; undefined while it is none. Several values stand
 * between commas, a value with a comma of its own in quotes, as in a CSV file.
 */
export function valueFrom(
  typed: string,
  type: FieldType | null,
  operator: Operator
): DraftCondition['value'] {
  if (operator === '$in' || operator === '$nin') {
    const exact = type !== 'number' && type !== 'boolean';
    const values = listFrom(typed)
      .map((one) => (exact ? one : operandFrom(one, type)))
      .filter((one) => one !== undefined);
    return values.length > 0 ? values : undefined;
  }
  return operandFrom(typed, type);
}

/** What stands between commas and is not blank; quotes keep what is in them as it is. */
function listFrom(typed: string): string[] {
  const values = typed.matchAll(/\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(?:,|$)/g);
  return [...values].flatMap(([, quoted, plain = '']) => {
    if (quoted !== undefined) return [quoted.replaceAll('""', '"')];
    return plain.trim() === '' ? [] : [plain.trim()];
  });
}

function operandFrom(typed: string, type: FieldType | null): Operand | undefined {
  if (typed.trim() === '') return undefined;
  if (type === 'boolean') return typed === 'true';
  if (type !== 'number') return typed;
  const number = Number(typed);
  return Number.isFinite(number) ? number : undefined;
}

/** A value as a reader types it: {@link valueFrom} reads it back as it was. */
export function typedOf(value: DraftCondition['value']): string {
  return Array.isArray(value) ? value.map(inList).join(', ') : String(value ?? '');
}

function inList(value: Operand): string {
  const typed = String(value);
  const plain = typed !== '' && typed === typed.trim() && !/[",]/.test(typed);
  return plain ? typed : `"${typed.replaceAll('"', '""')}"`;
}

/** A filter in words: `price is less than 50 and category is Kitchen`. */
export function filterWords(filter: Filter | null): string {
  if (!filter) return 'none';
  if ('parts' in filter) {
    const joint = filter.operator === '$and' ? ' and ' : ' or ';
    const words = filter.parts.map((part) => {
      const inner = filterWords(part);
      return 'parts' in part ? `(${inner})` : inner;
    });
    return words.join(joint);
  }
  return `${filter.field ?? 'text'} ${OPERATOR_WORDS[filter.operator]} ${typedOf(filter.value)}`;
}

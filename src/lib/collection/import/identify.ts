import type { Fields, FieldValue, Issue, Passage } from '../types.ts';
import { IssueList } from './issues.ts';

/** Ids of records, and which records stay. */
export interface Identified {
  /** An id for each record. */
  ids: string[];
  /** Indexes of the records that stay, rising: of equal ids the last one. */
  keep: Uint32Array;
  /** At most `MAX_ISSUES`. */
  issues: Issue[];
  /** How many there are in all. */
  issueCount: number;
}

/**
 * Gives every record its id: the value of `idField`; `SOURCE#1`, `SOURCE#2`… for passages; else what
 * `makeId` makes. Missing ids are generated and duplicate ones dropped but for the last, both listed.
 * @param passages parallel to `records`, or empty
 */
export function identify(
  records: Fields[],
  idField: string | null,
  passages: (Passage | undefined)[],
  makeId: (index: number) => string
): Identified {
  const issues = new IssueList();
  const given = records.map((record, index): string => {
    const passage = passages[index];
    if (passage) return `${passage.source}#${passage.index + 1}`;
    return idField === null ? '' : idOf(record, idField);
  });
  const taken = new Set(given);
  const ids = given.map((id, index) => {
    if (id !== '') return id;
    const made = freeId(makeId(index), taken);
    taken.add(made);
    if (idField !== null) {
      issues.add('missing-id', `Record ${index + 1} has no ${idField}; it gets an id of its own.`);
    }
    return made;
  });

  const last = new Map<string, number>();
  ids.forEach((id, index) => last.set(id, index));
  const keep: number[] = [];
  ids.forEach((id, index) => {
    const stays = last.get(id)!;
    if (stays === index) keep.push(index);
    else {
      issues.add(
        'duplicate-id',
        `Records ${index + 1} and ${stays + 1} have the same id “${id}”; the last one is kept.`
      );
    }
  });
  return { ids, keep: Uint32Array.from(keep), issues: issues.kept, issueCount: issues.count };
}

function idOf(record: Fields, idField: string): string {
  const value: FieldValue = Object.hasOwn(record, idField) ? record[idField]! : null;
  if (value === null) return '';
  return (typeof value === 'object' ? value.join(', ') : String(value)).trim();
}

/** A generated id must not take the place of a given one. */
function freeId(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let n = 2; taken.has(id); n++) id = `${wanted}-${n}`;
  return id;
}

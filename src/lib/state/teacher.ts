import type { Remote } from '#lib/base/remote.ts';
import type { FieldValues } from '#lib/collection/table/field-values.ts';
import type { TableApi } from '#lib/workers/table-api.ts';

/** Labels that items have already, to learn from. */
export interface Teacher {
  labels: string[];
  /** By row: 1 + the place of its label; 0, and rows beyond the end, have none. */
  of: Uint16Array<ArrayBuffer>;
}

/** What the values of a field teach; rows without one of the values teach nothing. */
export function teacherFromField({ values, of }: FieldValues): Teacher {
  return { labels: values, of: Uint16Array.from(of) };
}

/** What labels given by hand teach, over `rows`; those of items that are not among them teach nothing. */
export async function teacherFromMarks(
  table: Remote<TableApi>,
  marks: ReadonlyMap<string, string>,
  rows: Uint32Array
): Promise<Teacher> {
  const entries = [...marks];
  const marked = await table.liveRowsOf(entries.map(([id]) => id));
  const live = new Set(rows);
  const known = entries.flatMap(([, label], n) => {
    const row = marked[n];
    return row != null && live.has(row) ? [{ row, label }] : [];
  });
  const labels = [...new Set(known.map(({ label }) => label))].sort();
  const of = new Uint16Array(known.reduce((size, { row }) => Math.max(size, row + 1), 0));
  for (const { row, label } of known) of[row] = 1 + labels.indexOf(label);
  return { labels, of };
}

/** Labels given by hand, by the items' ids: none. */
export const NO_MARKS: ReadonlyMap<string, string> = new Map();

/** Labels given by hand, with that of one item given, or taken away when null. */
export function withMark(
  marks: ReadonlyMap<string, string>,
  id: string,
  label: string | null
): ReadonlyMap<string, string> {
  const changed = new Map(marks);
  changed.delete(id);
  if (label !== null) changed.set(id, label);
  return changed;
}

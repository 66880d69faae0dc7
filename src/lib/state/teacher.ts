import type { Remote } from '#lib/base/remote.ts';
import type { FieldValues } from '#lib/collection/table/field-values.ts';
import type { TableApi } from '#lib/workers/table-api.ts';
import type { Teacher } from './classifying.ts';

/** What the values of a field teach, over some rows; rows without one of the values teach nothing. */
export function teacherFromField({ values, of }: FieldValues, rows: Uint32Array): Teacher {
  const taught = rows.filter((row) => of[row]);
  return { rows: taught, of: Uint16Array.from(taught, (row) => of[row]! - 1), labels: values };
}

/** What labels given by hand teach; those of items that are gone, or wait for their vector, teach nothing. */
export async function teacherFromMarks(
  table: Remote<TableApi>,
  marks: ReadonlyMap<string, string>
): Promise<Teacher> {
  const entries = [...marks];
  const rows = await table.rowsOf(entries.map(([id]) => id));
  const live = new Set(await table.rows());
  const known = entries.flatMap(([, label], n) => {
    const row = rows[n];
    return row != null && live.has(row) ? [{ row, label }] : [];
  });
  const labels = [...new Set(known.map(({ label }) => label))].sort();
  return {
    rows: Uint32Array.from(known, ({ row }) => row),
    of: Uint16Array.from(known, ({ label }) => labels.indexOf(label)),
    labels
  };
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

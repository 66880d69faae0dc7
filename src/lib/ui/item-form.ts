import type { Field, Fields, FieldType, FieldValue } from '#lib/collection/types.ts';

/** A field of an item as it stands in a form. */
export interface FormField extends Field {
  /** What the item had before; undefined where it lacked the field. */
  value: FieldValue | undefined;
  written: string;
  /** Why what is written can't be its value. */
  fault: string | null;
}

/** A value as a form writes it: a list has a line for each element. */
export function writtenOf(value: FieldValue): string {
  if (value === null) return '';
  return Array.isArray(value) ? value.join('\n') : String(value);
}

/** The fields of a collection with an item's values; a field that only the item has comes last. */
export function formOf(fields: Field[], item: Fields): FormField[] {
  const known = new Set(fields.map(({ name }) => name));
  const own = Object.entries(item)
    .filter(([name]) => !known.has(name))
    .map(([name, value]) => ({ name, type: typeOf(value) }));
  return [...fields, ...own].map((field) => {
    const value = Object.hasOwn(item, field.name) ? item[field.name] : undefined;
    return { ...field, value, written: writtenOf(value ?? null), fault: null };
  });
}

/** What is written, as a value of a type; throws a sentence where it is none. Nothing written is null. */
export function valueOf(written: string, type: FieldType): FieldValue {
  if (written.trim() === '') return null;
  switch (type) {
    case 'number': {
      const number = Number(written);
      if (!Number.isFinite(number)) throw new Error('This is no number.');
      return number;
    }
    case 'boolean':
      return written === 'true';
    case 'list':
      return written
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean);
    case 'date':
      if (!isDate(written)) throw new Error('There is no such date: write it as 2026-01-31.');
      return written;
    case 'text':
      return written;
  }
}

/**
 * The form's values, and the form with what is wrong told; values are null while anything is. What was not
 * written on stays as it was, also where the form can't write it, such as a number in a field of texts.
 */
export function readForm(form: FormField[]): { form: FormField[]; fields: Fields | null } {
  const entries: [string, FieldValue][] = [];
  const read = form.map((field) => {
    try {
      const { name, type, value, written } = field;
      const untouched = written === writtenOf(value ?? null);
      if (!untouched) entries.push([name, valueOf(written, type)]);
      else if (value !== undefined) entries.push([name, value]);
      return { ...field, fault: null };
    } catch (error) {
      return { ...field, fault: (error as Error).message };
    }
  });
  const right = read.every(({ fault }) => fault === null);
  return { form: read, fields: right ? Object.fromEntries(entries) : null };
}

/** Whether a text begins with a day that there is, or a month, or a year. */
function isDate(written: string): boolean {
  const [, year, month = '01', day = '01'] = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?/.exec(written) ?? [];
  if (year === undefined) return false;
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day);
}

function typeOf(value: FieldValue): FieldType {
  if (Array.isArray(value)) return 'list';
  return typeof value === 'number' || typeof value === 'boolean'
    ? (typeof value as 'number' | 'boolean')
    : 'text';
}

import { ImportError } from '#lib/base/errors.ts';
import type { Field, Fields, FieldValue } from './types.ts';

/** How an item becomes the text that is embedded: literal texts and fields, in order. */
export interface Template {
  parts: (string | { field: string })[];
}

/**
 * Reads a template such as `Title: {title} ({type})`. `{{` and `}}` stand for braces; a lone `}`
 * stands for itself.
 * Throws ImportError `template`, with `detail.position` (0-based, in UTF-16 units), for a brace that
 * is not closed or names no field.
 */
export function parseTemplate(text: string): Template {
  const parts: Template['parts'] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    const char = text[at]!;
    if ((char === '{' || char === '}') && text[at + 1] === char) {
      literal += char;
      at += 2;
    } else if (char === '{') {
      const field = fieldAt(text, at);
      if (literal) parts.push(literal);
      literal = '';
      parts.push({ field: field.trim() });
      at += field.length + 2;
    } else {
      literal += char;
      at++;
    }
  }
  if (literal) parts.push(literal);
  return { parts };
}

/** What stands between the brace at `open` and the one that closes it. */
function fieldAt(text: string, open: number): string {
  const end = text.slice(open + 1).search(/[{}]/);
  const field = end === -1 ? undefined : text.slice(open + 1, open + 1 + end);
  if (field === undefined || text[open + 1 + end] === '{') {
    throw templateError(
      'The brace { is never closed',
      'Close it with }, or write {{ for a brace.',
      open
    );
  }
  if (field.trim() === '') {
    throw templateError('The braces {} name no field', 'Write a field’s name between them.', open);
  }
  return field;
}

function templateError(what: string, next: string, position: number): ImportError {
  return new ImportError('template', `${what} (character ${position + 1}).`, next, { position });
}

/** Fields a template names, each once, in order. */
export function templateFields(template: Template): string[] {
  return [
    ...new Set(template.parts.flatMap((part) => (typeof part === 'string' ? [] : part.field)))
  ];
}

/** Fields a template names that are not among `columns`. */
export function unknownFields(template: Template, columns: Field[]): string[] {
  const known = new Set(columns.map(({ name }) => name));
  return templateFields(template).filter((field) => !known.has(field));
}

/** The text of an item: lists joined with `, `, nothing for null and for fields it lacks. */
export function renderTemplate(template: Template, fields: Fields): string {
  let text = '';
  for (const part of template.parts) {
    text += typeof part === 'string' ? part : fieldText(fields, part.field);
  }
  return text;
}

/**
 * Whether an item has nothing to embed: all fields its template names are empty, or the rendered
 * text is only white space. A template without fields is never empty by the first rule.
 */
export function isBlank(template: Template, fields: Fields): boolean {
  const named = templateFields(template);
  if (named.length > 0 && named.every((field) => fieldText(fields, field).trim() === ''))
    return true;
  return renderTemplate(template, fields).trim() === '';
}

function fieldText(fields: Fields, field: string): string {
  // Fields may be called `constructor`, and items may lack them.
  const value: FieldValue = Object.hasOwn(fields, field) ? fields[field]! : null;
  if (value === null) return '';
  return typeof value === 'object' ? value.join(', ') : String(value);
}

import { FILE_TYPES, formatAnswers, type ResultFormat } from '#lib/tasks/export-results.ts';
import type { Answer } from './answer.ts';

/** Puts answers on the clipboard in a format. Throws what the browser throws when it refuses. */
export async function copyAnswers(answers: Answer[], format: ResultFormat): Promise<void> {
  await navigator.clipboard.writeText(await formatAnswers(answers, format));
}

/** Hands answers to the reader as a file. */
export async function saveAnswers(
  answers: Answer[],
  format: ResultFormat,
  name: string
): Promise<void> {
  const { extension, mediaType } = FILE_TYPES[format];
  const file = new Blob([await formatAnswers(answers, format)], { type: mediaType });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = `${name.replace(/[\\/:*?"<>|]/g, ' ').trim() || 'results'}.${extension}`;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

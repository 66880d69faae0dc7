import { LANGUAGES, type WrittenRequest } from '#lib/tasks/inspect/request-code.ts';
import { cosineMatrix } from '#lib/tasks/inspect/similarities.ts';
import type { Inspected } from './inspect-session.svelte.ts';

export { shorteningCost } from '#lib/tasks/inspect/similarities.ts';
export { describeValues } from '#lib/tasks/inspect/value-statistics.ts';

/** A reply's body as JSON again. */
export function jsonText(body: unknown): string {
  const inLists = (_: string, value: unknown) =>
    value instanceof Float64Array ? [...value] : value;
  return JSON.stringify(body, inLists, 2);
}

/** A request as it is written in each language. */
export function requestCodes(request: WrittenRequest): { language: string; code: string }[] {
  return Object.entries(LANGUAGES).map(([language, write]) => ({ language, code: write(request) }));
}

/** How alike the texts of an answer are by the first `kept` dimensions: texts × texts, row-major. */
export function similaritiesOf(
  { values, texts, dimensions }: Pick<Inspected, 'values' | 'texts' | 'dimensions'>,
  kept: number
): Float32Array {
  return cosineMatrix(values, texts.length, dimensions, kept);
}

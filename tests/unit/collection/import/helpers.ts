import { readRecords, type ReadOptions, type RecordSet } from '#lib/collection/import/read.ts';
import type { Tokenizer } from '#lib/embedding/types.ts';

/** A token is a word with the space before it, or eight letters of a longer one. */
export const wordTokenizer: Tokenizer = {
  count: (text) => pieces(text).length,
  split(text, maxTokens) {
    const tokens = pieces(text);
    const parts: string[] = [];
    for (let i = 0; i < tokens.length; i += maxTokens) {
      parts.push(tokens.slice(i, i + maxTokens).join(''));
    }
    return parts;
  }
};

function pieces(text: string): string[] {
  return text.match(/\s*\S{1,8}|\s+$/g) ?? [];
}

export function readText(
  name: string,
  content: string | Uint8Array<ArrayBuffer>,
  options: Partial<ReadOptions> = {}
): Promise<RecordSet> {
  return readRecords(
    { name, blob: new Blob([content]) },
    { loadTokenizer: () => Promise.resolve(wordTokenizer), ...options }
  );
}

/** Codes of the issues, with the line where there is one: `blank-row@3`. */
export function issuesOf({ issues }: RecordSet): string[] {
  return issues.map(({ code, line }) => (line === undefined ? code : `${code}@${line}`));
}

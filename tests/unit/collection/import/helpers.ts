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

/** A blob whose stream comes in pieces of the sizes that `nextSize` gives. */
export class ChoppedBlob extends Blob {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #nextSize: () => number;

  constructor(content: string, nextSize: () => number) {
    const bytes = new TextEncoder().encode(content);
    super([bytes]);
    this.#bytes = bytes;
    this.#nextSize = nextSize;
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let at = 0;
    return new ReadableStream({
      pull: (controller) => {
        if (at >= this.#bytes.length) return controller.close();
        const size = this.#nextSize();
        controller.enqueue(this.#bytes.slice(at, at + size));
        at += size;
      }
    });
  }
}

/** Random numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

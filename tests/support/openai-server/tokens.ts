import { countTokens as count, decode } from 'gpt-tokenizer/encoding/cl100k_base';

/** Special tokens are plain text to the embeddings endpoint. */
const PLAIN = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };

/** Ids below it stand for bytes of text; those above, up to 100,276, are special or unused. */
const FIRST_SPECIAL_TOKEN = 100_256;

/** Runs the tokeniser would merge as one piece, in time that grows faster than their length. */
const LONG_RUN = /\p{L}{5000}|\p{N}{5000}|[^\s\p{L}\p{N}]{5000}|\s{5000}/gu;

/** Tokens of a text in cl100k_base. Unbroken runs are cut every 5,000 characters before counting. */
export function countTokens(text: string): number {
  let tokens = 0;
  let from = 0;
  for (const run of text.matchAll(LONG_RUN)) {
    const to = run.index + run[0].length;
    tokens += count(text.slice(from, to), PLAIN);
    from = to;
  }
  return tokens + count(text.slice(from), PLAIN);
}

/** The text that token ids stand for; special tokens stand for none. */
export function textOfTokens(ids: readonly number[]): string {
  return decode(ids.filter((id) => id < FIRST_SPECIAL_TOKEN));
}

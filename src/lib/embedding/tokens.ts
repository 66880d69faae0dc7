import type * as Encoding from 'gpt-tokenizer/encoding/cl100k_base';
import type { Tokenizer } from './types.ts';

/**
 * Longest unbroken run (letters, signs or blanks) that is tokenised in one go, in characters. The
 * merging of byte pairs takes quadratic time in such a run: 2,000 letters take 14 ms, 100,000 take
 * seven seconds. Longer runs are cut here first, which can add a token or so at each cut; written
 * language has no such runs, encoded data has.
 */
const RUN_CHARACTERS = 2000;
const LONG_RUN = new RegExp(
  String.raw`\p{L}{${RUN_CHARACTERS}}|[^\s\p{L}\p{N}]{${RUN_CHARACTERS}}|\s{${RUN_CHARACTERS}}`,
  'gu'
);

/** Merges remembered by the tokeniser; with runs capped, some tens of megabytes at the very most. */
const MERGE_CACHE = 20_000;

/** No special token is forbidden and none is allowed: `<|endoftext|>` in a text is just text. */
const AS_PLAIN_TEXT = { disallowedSpecial: new Set<string>() };

let loading: Promise<Tokenizer> | undefined;

/**
 * Loads the tokeniser of OpenAI's embedding models (cl100k_base; 426 kB, once). A failed load is
 * forgotten, so that it can be tried again. It counts as the endpoint does, but for texts with an
 * unbroken run of over 2,000 characters, where it may count a little more.
 */
export function loadTokenizer(): Promise<Tokenizer> {
  loading ??= import('gpt-tokenizer/encoding/cl100k_base').then(makeTokenizer).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

function makeTokenizer(encoding: typeof Encoding): Tokenizer {
  encoding.setMergeCacheSize(MERGE_CACHE);

  function count(text: string): number {
    let tokens = 0;
    for (const stretch of cutLongRuns(text)) tokens += encoding.countTokens(stretch, AS_PLAIN_TEXT);
    return tokens;
  }

  /** Places where the tokeniser's words end, with the tokens of each word. */
  function* words(text: string): Generator<{ end: number; tokens: number }> {
    let end = 0;
    for (const stretch of cutLongRuns(text)) {
      for (const tokens of encoding.encodeGenerator(stretch, AS_PLAIN_TEXT)) {
        end += encoding.decode(tokens).length;
        yield { end, tokens: tokens.length };
      }
    }
  }

  function split(text: string, maxTokens: number): string[] {
    const pieces: string[] = [];
    let from = 0;
    let last = 0;
    let used = 0;
    for (const { end, tokens } of words(text)) {
      if (used + tokens > maxTokens && last > from) {
        pieces.push(text.slice(from, last));
        from = last;
        used = 0;
      }
      used += tokens;
      last = end;
    }
    if (from < text.length) pieces.push(text.slice(from));
    // A single word may be over the limit, and words may count differently once they are apart.
    return pieces.flatMap((piece) =>
      count(piece) > maxTokens ? halve(piece, maxTokens) : [piece]
    );
  }

  /** Cuts a piece without words in two until each is within the limit or a single character. */
  function halve(piece: string, maxTokens: number): string[] {
    const middle = characterStart(piece, Math.ceil(piece.length / 2));
    if (middle === 0 || middle === piece.length) return [piece];
    return [piece.slice(0, middle), piece.slice(middle)].flatMap((half) => split(half, maxTokens));
  }

  return { count, split };
}

/** The text in order, cut inside runs that are too long. */
function* cutLongRuns(text: string): Generator<string> {
  let from = 0;
  if (text.length > RUN_CHARACTERS) {
    for (const { index, 0: run } of text.matchAll(LONG_RUN)) {
      yield text.slice(from, index + run.length);
      from = index + run.length;
    }
  }
  if (from < text.length) yield text.slice(from);
}

/** The place itself, or the one before when it lies inside a surrogate pair. */
function characterStart(text: string, place: number): number {
  const isPair =
    /[\uD800-\uDBFF]/.test(text[place - 1]!) && /[\uDC00-\uDFFF]/.test(text[place] ?? '');
  return isPair ? place - 1 : place;
}

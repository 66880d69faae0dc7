import { weightedMean } from '#lib/base/vector.ts';
import type { RunUnit } from './run.ts';
import type { Tokenizer } from './types.ts';

/** What is sent as one input: a whole text, or a part of one that is over the model's limit. */
export interface Piece {
  unit: RunUnit;
  /** 0-based, of `parts`. */
  part: number;
  parts: number;
  text: string;
  tokens: number;
}

/**
 * The inputs of units, in order: each text as it is, or in parts of at most `maxInputTokens` tokens.
 * The tokeniser is loaded at the first text that is too long.
 */
export async function* cutLongTexts(
  units: AsyncIterable<RunUnit>,
  maxInputTokens: number,
  loadTokenizer: () => Promise<Tokenizer>
): AsyncGenerator<Piece> {
  for await (const unit of units) {
    if (unit.tokens <= maxInputTokens) {
      yield { unit, part: 0, parts: 1, text: unit.text, tokens: unit.tokens };
      continue;
    }
    const tokenizer = await loadTokenizer();
    const texts = tokenizer.split(unit.text, maxInputTokens);
    for (const [part, text] of texts.entries()) {
      yield { unit, part, parts: texts.length, text, tokens: tokenizer.count(text) };
    }
  }
}

/** Holds the vectors of parts until their text is complete; parts may arrive in any order. */
export class PartVectors {
  readonly #open = new Map<
    RunUnit,
    { vectors: Float32Array[]; weights: number[]; missing: number }
  >();

  /**
   * Takes a piece's vector and returns its text's: at once for a whole text, with the last part for
   * a long one (the mean of its parts weighted by their tokens, L2-normalised), else undefined.
   */
  add(piece: Piece, vector: Float32Array): Float32Array | undefined {
    const { unit, part, parts, tokens } = piece;
    if (parts === 1) return vector;
    const open = this.#open.get(unit) ?? { vectors: [], weights: [], missing: parts };
    this.#open.set(unit, open);
    // A copy: a view would keep its whole answer in memory.
    open.vectors[part] = vector.slice();
    open.weights[part] = tokens;
    if (--open.missing > 0) return undefined;
    this.#open.delete(unit);
    return weightedMean(open.vectors, open.weights);
  }

  /** Forgets the parts of a text that can't be completed. */
  drop(unit: RunUnit): void {
    this.#open.delete(unit);
  }
}

import { BUILT_IN_DIMENSIONS, Features } from './features.ts';
import { foldText } from './fold.ts';

const features = new Features();

/**
 * A text as a vector of its words, parts of words and pairs of words, hashed into 384 signed
 * dimensions; L2-normalised, and never zero, whatever the text. Texts that share words, inflections
 * or misspellings are similar; meaning is not looked at. The same bits in every browser: integer
 * arithmetic and `+ − × ÷ √` in a fixed order, rounded once to float32.
 * (Characters newer than a browser's Unicode are compared without folding their case and accents.)
 *
 * The hashing trick: Weinberger et al. 2009, https://arxiv.org/abs/0902.2206; words by their
 * n-grams: Bojanowski et al. 2017, https://arxiv.org/abs/1607.04606.
 */
export function embedBuiltIn(text: string): Float32Array {
  features.gather(foldText(text));
  const { sums } = features;
  let squares = 0;
  for (let i = 0; i < BUILT_IN_DIMENSIONS; i++) squares += sums[i]! * sums[i]!;
  // Features could in theory cancel each other altogether.
  if (squares === 0) squares = sums[0] = 1;
  const length = Math.sqrt(squares);
  const vector = new Float32Array(BUILT_IN_DIMENSIONS);
  for (let i = 0; i < BUILT_IN_DIMENSIONS; i++) vector[i] = sums[i]! / length;
  return vector;
}

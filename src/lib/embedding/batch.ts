import type { ProviderLimits } from './types.ts';

/**
 * Packs inputs, in order, into requests of at most `maxInputs` inputs and `maxRequestTokens` tokens.
 * A request is never empty: an input that is over the limit by itself travels alone.
 */
export async function* packRequests<Input extends { tokens: number }>(
  inputs: AsyncIterable<Input> | Iterable<Input>,
  { maxInputs, maxRequestTokens }: Pick<ProviderLimits, 'maxInputs' | 'maxRequestTokens'>
): AsyncGenerator<Input[]> {
  let request: Input[] = [];
  let tokens = 0;
  for await (const input of inputs) {
    const full = request.length === maxInputs || tokens + input.tokens > maxRequestTokens;
    if (full && request.length > 0) {
      yield request;
      request = [];
      tokens = 0;
    }
    request.push(input);
    tokens += input.tokens;
  }
  if (request.length > 0) yield request;
}

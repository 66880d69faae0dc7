import type { ProviderLimits } from './types.ts';

type RequestLimits = Pick<ProviderLimits, 'maxInputs' | 'maxRequestTokens' | 'maxRequestBytes'>;

/**
 * Packs inputs, in order, into requests of at most `maxInputs` inputs, `maxRequestTokens` tokens and
 * `maxRequestBytes` bytes. A request is never empty: an input that is over a limit by itself travels alone.
 */
export async function* packRequests<Input extends { text: string; tokens: number }>(
  inputs: AsyncIterable<Input> | Iterable<Input>,
  { maxInputs, maxRequestTokens, maxRequestBytes = Infinity }: RequestLimits
): AsyncGenerator<Input[]> {
  const bytesOf = maxRequestBytes === Infinity ? () => 0 : jsonBytes;
  let request: Input[] = [];
  let tokens = 0;
  let bytes = 0;
  for await (const input of inputs) {
    const size = bytesOf(input.text);
    const full =
      request.length === maxInputs ||
      tokens + input.tokens > maxRequestTokens ||
      bytes + size > maxRequestBytes;
    if (full && request.length > 0) {
      yield request;
      request = [];
      tokens = 0;
      bytes = 0;
    }
    request.push(input);
    tokens += input.tokens;
    bytes += size;
  }
  if (request.length > 0) yield request;
}

const encoder = new TextEncoder();

/** Bytes of a text in a JSON list, its comma counted. */
function jsonBytes(text: string): number {
  return encoder.encode(JSON.stringify(text)).length + 1;
}

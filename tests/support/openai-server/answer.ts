import type { Fault } from './faults.ts';
import type { EmbeddingCall, Encoding } from './validate.ts';
import { embedText } from './vectors.ts';

interface Entry {
  index: number;
  vector: Float32Array;
}

/** The body of a 200 answer, as JSON; some faults spoil it. */
export function embeddingBody(call: EmbeddingCall, fault: Fault | undefined): string {
  const { model, dimensions, texts, tokens } = call;
  const entries = texts.map((text, index) => ({
    index,
    vector: embedText(model, text, dimensions)
  }));
  const encoding = fault?.kind === 'ignore-encoding' ? 'float' : call.encoding;
  const data = spoil(entries, fault).map(({ index, vector }) => ({
    object: 'embedding',
    index,
    embedding: encode(vector, encoding)
  }));
  return JSON.stringify({
    object: 'list',
    data,
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens }
  });
}

/** Numbers as JSON has them (NaN becomes null), or little-endian float32 as base64. */
function encode(vector: Float32Array, encoding: Encoding): number[] | string {
  if (encoding === 'float') return Array.from(vector);
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
}

function spoil(entries: Entry[], fault: Fault | undefined): Entry[] {
  const first = entries[0]!;
  const last = entries.at(-1)!;
  switch (fault?.kind) {
    case 'wrong-count':
      return entries.slice(0, -1);
    case 'wrong-order':
      return entries.reverse();
    case 'duplicate-index':
      return entries.length === 1
        ? [first, first]
        : [...entries.slice(0, -1), { ...last, index: 0 }];
    case 'nan':
      last.vector[last.vector.length >> 1] = NaN;
      return entries;
    case 'zero':
      last.vector.fill(0);
      return entries;
    case 'wrong-dimensions':
      return entries.map(({ index, vector }) => ({ index, vector: Float32Array.of(...vector, 0) }));
    default:
      return entries;
  }
}

import { makeBreather } from '#lib/base/breathe.ts';
import { ProviderError, throwIfCancelled } from '#lib/base/errors.ts';
import type { EmbeddingAnswer, EmbeddingRequest, InspectableProvider, RawReply } from '../types.ts';
import { embedBuiltIn } from './built-in/embed.ts';
import { BUILT_IN_DIMENSIONS } from './built-in/features.ts';

/**
 * The provider that needs no key and no network: see {@link embedBuiltIn}. Free, so it counts no
 * tokens. However much it is asked, messages of its thread are heard every few milliseconds. Throws
 * `ProviderError` `dimensions` for any other length than 384, `CancelledError` when aborted.
 */
export function createBuiltInProvider(): InspectableProvider {
  const breathe = makeBreather();

  async function embed(
    { inputs, dimensions }: EmbeddingRequest,
    signal?: AbortSignal
  ): Promise<EmbeddingAnswer> {
    requireOwnDimensions(dimensions);
    const vectors = new Float32Array(inputs.length * BUILT_IN_DIMENSIONS);
    for (const [n, text] of inputs.entries()) {
      await breathe();
      throwIfCancelled(signal);
      vectors.set(embedBuiltIn(text), n * BUILT_IN_DIMENSIONS);
    }
    return { vectors, dimensions: BUILT_IN_DIMENSIONS, tokens: 0 };
  }

  return {
    limits: {
      // Enough for segments of a good size, and still several reports a second.
      maxInputs: 1024,
      maxInputTokens: Infinity,
      maxRequestTokens: Infinity,
      concurrency: 1
    },
    embed,
    async inspect(request, signal) {
      const answer = await embed(request, signal);
      const values = new Float32Array(answer.vectors);
      return { ...answer, values, reply: inOpenAIForm(answer) };
    }
  };
}

/** Nothing was sent, and so nothing replied: what an endpoint would have, in the same form. */
function inOpenAIForm({ vectors, dimensions }: EmbeddingAnswer): RawReply {
  const data = Array.from({ length: vectors.length / dimensions }, (_, index) => ({
    object: 'embedding',
    index,
    embedding: Float64Array.from(vectors.subarray(index * dimensions, (index + 1) * dimensions))
  }));
  const usage = { prompt_tokens: 0, total_tokens: 0 };
  const body = { object: 'list', data, model: 'built-in', usage };
  return { status: 200, requestId: null, body };
}

function requireOwnDimensions(dimensions: EmbeddingRequest['dimensions']): void {
  if (dimensions === undefined || dimensions === BUILT_IN_DIMENSIONS) return;
  throw new ProviderError(
    'dimensions',
    `The built-in embedder makes vectors of ${BUILT_IN_DIMENSIONS} dimensions, not ${dimensions}.`,
    'Leave the dimensions as they are.'
  );
}

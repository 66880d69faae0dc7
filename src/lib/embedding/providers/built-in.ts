import { makeBreather } from '#lib/base/breathe.ts';
import { ProviderError, throwIfCancelled } from '#lib/base/errors.ts';
import type { EmbeddingAnswer, EmbeddingRequest, Provider } from '../types.ts';
import { embedBuiltIn } from './built-in/embed.ts';
import { BUILT_IN_DIMENSIONS } from './built-in/features.ts';

/**
 * The provider that needs no key and no network: see {@link embedBuiltIn}. Free, so it counts no
 * tokens. However much it is asked, messages of its thread are heard every few milliseconds. Throws
 * `ProviderError` `dimensions` for any other length than 384, `CancelledError` when aborted.
 */
export function createBuiltInProvider(): Provider {
  const breathe = makeBreather();
  return {
    limits: {
      // Enough for segments of a good size, and still several reports a second.
      maxInputs: 1024,
      maxInputTokens: Infinity,
      maxRequestTokens: Infinity,
      concurrency: 1
    },
    async embed({ inputs, dimensions }, signal): Promise<EmbeddingAnswer> {
      requireOwnDimensions(dimensions);
      const vectors = new Float32Array(inputs.length * BUILT_IN_DIMENSIONS);
      for (const [n, text] of inputs.entries()) {
        await breathe();
        throwIfCancelled(signal);
        vectors.set(embedBuiltIn(text), n * BUILT_IN_DIMENSIONS);
      }
      return { vectors, dimensions: BUILT_IN_DIMENSIONS, tokens: 0 };
    }
  };
}

function requireOwnDimensions(dimensions: EmbeddingRequest['dimensions']): void {
  if (dimensions === undefined || dimensions === BUILT_IN_DIMENSIONS) return;
  throw new ProviderError(
    'dimensions',
    `The built-in embedder makes vectors of ${BUILT_IN_DIMENSIONS} dimensions, not ${dimensions}.`,
    'Leave the dimensions as they are.'
  );
}

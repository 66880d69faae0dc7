import { toErrorData, type ErrorData } from '#lib/base/errors.ts';
import type { EmbeddingRequest, RawReply } from '#lib/embedding/types.ts';
import type { ProviderClient } from './provider-clients.ts';

/** One request as it looks from inside. */
export interface Inspection {
  reply: RawReply;
  /** The vectors as they came, not normalised: texts × dimensions, row-major. */
  values: Float32Array<ArrayBuffer>;
  dimensions: number;
  /** As the endpoint counted them. */
  tokens: number;
  /** Of the request that was answered, waiting before it left out. */
  ms: number;
}

/** Hears until when (epoch milliseconds) is waited, and for which refusal of this request; nulls when it goes on. */
export type OnWait = (until: number | null, refusal: ErrorData | null) => void;

/**
 * Sends one request before all waiting batches and shows what came back. Rate limits are waited out. Throws
 * what `InspectableProvider.inspect` throws.
 */
export async function inspectRequest(
  { provider, pacer }: ProviderClient,
  request: EmbeddingRequest,
  signal: AbortSignal,
  onWait: OnWait
): Promise<Inspection> {
  let refusal: ErrorData | null = null;
  let from = 0;
  const tell = () => {
    const { waitUntil } = pacer.state;
    onWait(waitUntil, waitUntil === null ? null : refusal);
  };
  const stop = pacer.onChange(tell);
  tell();
  try {
    const { reply, values, dimensions, tokens } = await pacer.schedule(
      async () => {
        from = performance.now();
        try {
          return await provider.inspect(request, signal);
        } catch (error) {
          refusal = toErrorData(error);
          throw error;
        }
      },
      { priority: true, signal }
    );
    return { reply, values, dimensions, tokens, ms: performance.now() - from };
  } finally {
    stop();
  }
}

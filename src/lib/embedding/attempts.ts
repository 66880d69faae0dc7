import { CancelledError, ProviderError } from '#lib/base/errors.ts';
import { backoffMs } from './backoff.ts';
import type { Clock } from './pacer.ts';
import type { EmbeddingAnswer, ProviderErrorCode } from './types.ts';

/** Tries of a request before it is given up, rate limits not counted. */
export const MAX_TRIES = 6;

/** What came of a request in the end. */
export type Verdict =
  | { kind: 'answered'; answer: EmbeddingAnswer }
  /** The endpoint can't take these inputs. */
  | { kind: 'refused'; error: ProviderError }
  /** It failed at every try. */
  | { kind: 'exhausted'; error: ProviderError }
  /** No request of this run can succeed. */
  | { kind: 'fatal'; error: unknown }
  /** It was called off before it was answered. */
  | { kind: 'withdrawn' };

const AGAIN: ReadonlySet<string> = new Set<ProviderErrorCode>([
  'server',
  'unreachable',
  'timeout',
  'malformed'
]);

/**
 * Sends a request until something comes of it: waits and tries again after errors that pass, up to
 * `MAX_TRIES` times, and tells every other error apart. Never throws.
 * `send` makes one try; `onFailedTry` hears of each try that failed but for the last of its kind;
 * `withdraw` ends the waiting.
 */
export async function sendUntilSettled(
  send: () => Promise<EmbeddingAnswer>,
  options: {
    clock: Clock;
    random: () => number;
    withdraw: AbortSignal;
    onFailedTry: (error: ProviderError) => void;
  }
): Promise<Verdict> {
  const { clock, random, withdraw, onFailedTry } = options;
  for (let tries = 1; ; tries++) {
    try {
      return { kind: 'answered', answer: await send() };
    } catch (error) {
      if (error instanceof ProviderError) onFailedTry(error);
      if (withdraw.aborted) return { kind: 'withdrawn' };
      const verdict = judge(error, tries);
      if (verdict) return verdict;
      try {
        await clock.sleep(waitMs(error as ProviderError, tries, random), withdraw);
      } catch (cancelled) {
        if (cancelled instanceof CancelledError) return { kind: 'withdrawn' };
        return { kind: 'fatal', error: cancelled };
      }
    }
  }
}

/** What an error means for its request; undefined when another try may help. */
function judge(error: unknown, tries: number): Verdict | undefined {
  if (!(error instanceof ProviderError)) return { kind: 'fatal', error };
  if (error.code === 'input') return { kind: 'refused', error };
  if (!AGAIN.has(error.code)) return { kind: 'fatal', error };
  return tries < MAX_TRIES ? undefined : { kind: 'exhausted', error };
}

/** An overloaded server may say when to come back, too. */
function waitMs(error: ProviderError, tries: number, random: () => number): number {
  const told = error.detail.retryAfterMs;
  return Math.max(typeof told === 'number' ? told : 0, backoffMs(tries, random));
}

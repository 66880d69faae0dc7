import { ProviderError } from '#lib/base/errors.ts';
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
  /** It was called off, or no request can succeed any more: see {@link isFatal}. */
  | { kind: 'withdrawn' };

const AGAIN: ReadonlySet<string> = new Set<ProviderErrorCode>([
  'server',
  'unreachable',
  'timeout',
  'malformed'
]);
const OF_SOME_INPUT: ReadonlySet<string> = new Set<ProviderErrorCode>(['timeout', 'malformed']);
const OWN_FAULT: ReadonlySet<string> = new Set<ProviderErrorCode>(['input', 'rate-limit']);

/** Whether an error tells that no other request of the run can succeed either. */
export function isFatal(error: unknown): boolean {
  return !(error instanceof ProviderError) || !(AGAIN.has(error.code) || OWN_FAULT.has(error.code));
}

/** Whether an error that stays may come from some inputs of the request and spare the others. */
export function mayBeOfSomeInput({ code }: ProviderError): boolean {
  return OF_SOME_INPUT.has(code);
}

/**
 * Sends a request until something comes of it: waits and tries again after errors that pass, up to
 * `MAX_TRIES` times, or `maxInputTries` after one that some input may cause. Never throws. `send`
 * makes one try; `onFailedTry` hears of each that failed; `withdraw` ends the waiting.
 */
export async function sendUntilSettled(
  send: () => Promise<EmbeddingAnswer>,
  options: {
    clock: Clock;
    random: () => number;
    withdraw: AbortSignal;
    maxInputTries: number;
    onFailedTry: (error: ProviderError) => void;
  }
): Promise<Verdict> {
  const { clock, random, withdraw, maxInputTries, onFailedTry } = options;
  for (let tries = 1; ; tries++) {
    try {
      return { kind: 'answered', answer: await send() };
    } catch (error) {
      if (error instanceof ProviderError) onFailedTry(error);
      if (withdraw.aborted || !(error instanceof ProviderError) || isFatal(error)) {
        return { kind: 'withdrawn' };
      }
      if (error.code === 'input') return { kind: 'refused', error };
      const most = mayBeOfSomeInput(error) ? maxInputTries : MAX_TRIES;
      if (tries >= most) return { kind: 'exhausted', error };
      // An abort of this sleep is seen by the next send.
      await clock.sleep(waitMs(error, tries, random), withdraw).catch(() => {});
    }
  }
}

/** An overloaded server may say when to come back, too. */
function waitMs(error: ProviderError, tries: number, random: () => number): number {
  const told = error.detail.retryAfterMs;
  return Math.max(typeof told === 'number' ? told : 0, backoffMs(tries, random));
}

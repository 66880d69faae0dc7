import type { ProviderLimits } from '../types.ts';
import { fetchOnly } from './allowlist.ts';

/** What a course's proxy says of itself (see `src/proxy/proxy.ts`, `GET /v1/health`). */
export interface ProxyHealth {
  /** Whether it has a key. */
  ready: boolean;
  /** Models on offer; empty where it does not say. */
  models: string[];
  limits: Partial<ProviderLimits>;
  left: TokensLeft | null;
}

/** What a shared token can still buy. */
export interface TokensLeft {
  tokens: number;
  /** When they are counted anew, in milliseconds since 1970. */
  resetAt: number;
}

const TIMEOUT_MS = 5000;
/** Of a request's bytes, for the model's name and the other parameters. */
const REST_BYTES = 1000;

/**
 * Asks a proxy for its limits. Null where it has no such route or can't be reached: the first request will
 * tell. `baseUrl` is normalised; `now` in milliseconds since 1970.
 */
export async function readProxyHealth(
  baseUrl: string,
  fetch: typeof globalThis.fetch,
  now: number
): Promise<ProxyHealth | null> {
  const url = `${baseUrl}/health`;
  try {
    const response = await fetchOnly(url, fetch)(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? toHealth(await response.json(), now) : null;
  } catch {
    return null;
  }
}

function toHealth(body: unknown, now: number): ProxyHealth {
  const { ready, models, limits, left } = asRecord(body);
  const { maxInputs, maxBodyBytes, concurrency } = asRecord(limits);
  const { tokens, resetMs } = asRecord(left);
  return {
    ready: ready !== false,
    models: Array.isArray(models) ? models.filter((name) => typeof name === 'string') : [],
    limits: {
      ...(isPositive(maxInputs) && { maxInputs }),
      ...(isPositive(maxBodyBytes) && { maxRequestBytes: Math.max(1, maxBodyBytes - REST_BYTES) }),
      ...(isPositive(concurrency) && { concurrency: Math.min(concurrency, MOST_AT_ONCE) })
    },
    left:
      typeof tokens === 'number' && typeof resetMs === 'number'
        ? { tokens: Math.max(0, tokens), resetAt: now + resetMs }
        : null
  };
}

/** However many it would take, one learner is to leave room for the others. */
const MOST_AT_ONCE = 4;

/** What an answer's headers say is left; null where they say nothing. */
export function readTokensLeft(headers: Headers, now: number): TokensLeft | null {
  const tokens = Number(headers.get('x-ratelimit-remaining-tokens') ?? NaN);
  const seconds = /^(\d+)s$/.exec(headers.get('x-ratelimit-reset-tokens') ?? '')?.[1];
  if (!Number.isFinite(tokens) || seconds === undefined) return null;
  return { tokens: Math.max(0, tokens), resetAt: now + 1000 * Number(seconds) };
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

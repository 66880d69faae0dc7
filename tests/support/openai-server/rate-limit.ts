import { ApiError, rateLimitError, retryAfterHeader, type RetryAfterForm } from './errors.ts';

/** What a standing limit allows; what is left out is unlimited. */
export interface RateLimits {
  requestsPerSecond?: number;
  tokensPerMinute?: number;
  /** How a refusal says when to come back; `seconds` when left out. */
  retryAfter?: RetryAfterForm;
}

/** What unlimited answers say in their headers. */
const UNLIMITED = { requests: 10_000, tokens: 10_000_000 };

/**
 * Counts requests and tokens as OpenAI does: each limit is a bucket of one period's allowance (of
 * requests at least one), refilled steadily. A refused request takes nothing.
 */
export class RateLimiter {
  readonly #requests: Bucket;
  readonly #tokens: Bucket;
  readonly #retryAfter: RetryAfterForm;

  /** `now` tells the time in milliseconds. */
  constructor(limits: RateLimits = {}, now: () => number = () => performance.now()) {
    const {
      requestsPerSecond = Infinity,
      tokensPerMinute = Infinity,
      retryAfter = 'seconds'
    } = limits;
    this.#requests = new Bucket(Math.max(1, requestsPerSecond), requestsPerSecond / 1000, now);
    this.#tokens = new Bucket(tokensPerMinute, tokensPerMinute / 60_000, now);
    this.#retryAfter = retryAfter;
  }

  /** Counts a request, or throws OpenAI's 429 with the wait until it would fit. */
  admit(model: string, tokens: number): void {
    this.#check(this.#requests, 1, model, 'requests');
    this.#check(this.#tokens, tokens, model, 'tokens');
    this.#requests.take(1);
    this.#tokens.take(tokens);
  }

  #check(bucket: Bucket, amount: number, model: string, unit: 'requests' | 'tokens'): void {
    if (amount > bucket.capacity) {
      const message = `Request too large for ${model} on ${unit} per min: Limit ${bucket.capacity}, Requested ${amount}.`;
      throw new ApiError(429, message, { type: unit, code: 'rate_limit_exceeded' });
    }
    const waitMs = bucket.waitFor(amount);
    if (waitMs === 0) return;
    const used = Math.round(bucket.capacity - bucket.level());
    const detail = `Limit ${bucket.capacity}, Used ${used}, Requested ${amount}. Please try again in ${duration(waitMs)}.`;
    throw rateLimitError(model, unit, detail, retryAfterHeader(this.#retryAfter, waitMs));
  }

  /** The `x-ratelimit-*` headers of an answer sent now. */
  headers(): Record<string, string> {
    return { ...describe('requests', this.#requests), ...describe('tokens', this.#tokens) };
  }
}

/** An allowance of at most `capacity`, full at first and refilled by `perMs` each millisecond. */
class Bucket {
  readonly capacity: number;
  readonly #perMs: number;
  readonly #now: () => number;
  #level: number;
  #at: number;

  constructor(capacity: number, perMs: number, now: () => number) {
    this.capacity = capacity;
    this.#perMs = perMs;
    this.#now = now;
    this.#level = capacity;
    this.#at = now();
  }

  level(): number {
    if (this.capacity === Infinity) return Infinity;
    const now = this.#now();
    this.#level = Math.min(this.capacity, this.#level + (now - this.#at) * this.#perMs);
    this.#at = now;
    return this.#level;
  }

  /** Milliseconds until it holds `amount`. */
  waitFor(amount: number): number {
    const missing = amount - this.level();
    return missing > 0 ? Math.ceil(missing / this.#perMs) : 0;
  }

  take(amount: number): void {
    this.#level = this.level() - amount;
  }
}

function describe(unit: 'requests' | 'tokens', bucket: Bucket): Record<string, string> {
  const unlimited = bucket.capacity === Infinity;
  const limit = unlimited ? UNLIMITED[unit] : bucket.capacity;
  const remaining = unlimited ? limit - 1 : Math.max(0, Math.floor(bucket.level()));
  const resetMs = unlimited ? 6 : bucket.waitFor(bucket.capacity);
  return {
    [`x-ratelimit-limit-${unit}`]: String(limit),
    [`x-ratelimit-remaining-${unit}`]: String(remaining),
    [`x-ratelimit-reset-${unit}`]: duration(resetMs)
  };
}

/** A time as OpenAI's headers write it: `6ms`, `1.5s`, `6m0s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms) / 1000;
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${Number((seconds % 60).toFixed(3))}s`;
}

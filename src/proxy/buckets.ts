/** How fast one client may ask. */
export interface BucketLimits {
  requestsPerMinute: number;
  /** Requests at once, after a pause. */
  burst: number;
}

/** Decides whether a client may ask now. */
export interface Pace {
  take(client: string): Taken | Promise<Taken>;
}

/** What taking a request from a bucket came to. */
export interface Taken {
  granted: boolean;
  /** Requests that are left at once. */
  remaining: number;
  /** Until the next request is granted; 0 when one is left. */
  retryAfterMs: number;
}

interface Bucket {
  level: number;
  atMs: number;
}

/** Buckets kept; beyond that those of clients that asked longest ago go: they are the fullest. */
const MOST_BUCKETS = 20_000;

/** A token bucket for each client: it fills by and by, and each request takes one. */
export class Buckets implements Pace {
  readonly #limits: BucketLimits;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: BucketLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
  }

  take(client: string): Taken {
    const nowMs = this.#now();
    const { burst, requestsPerMinute } = this.#limits;
    const perMs = requestsPerMinute / 60_000;
    const last = this.#buckets.get(client);
    const filled = last ? last.level + Math.max(0, nowMs - last.atMs) * perMs : burst;
    const level = Math.min(burst, filled);
    const granted = level >= 1;
    const rest = granted ? level - 1 : level;
    // Behind all others: a map keeps the order in which its keys were set.
    this.#buckets.delete(client);
    this.#buckets.set(client, { level: rest, atMs: nowMs });
    this.#forget();
    return {
      granted,
      remaining: Math.floor(rest),
      retryAfterMs: rest >= 1 ? 0 : Math.ceil((1 - rest) / perMs)
    };
  }

  #forget(): void {
    if (this.#buckets.size <= MOST_BUCKETS) return;
    const oldest = this.#buckets.keys().next();
    if (!oldest.done) this.#buckets.delete(oldest.value);
  }
}

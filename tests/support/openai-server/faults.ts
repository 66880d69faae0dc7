import type { RetryAfterForm } from './errors.ts';
import { RateLimiter, type RateLimits } from './rate-limit.ts';
import type { EmbeddingCall } from './validate.ts';

/** What can go wrong with a request that is itself in order. */
export type Fault =
  /** The answer leaves no earlier than `ms` after the request came. Adds to any other fault. */
  | { kind: 'latency'; ms: number }
  /** 429 asking for a pause of `ms` (1,000) in the given form (`seconds`). */
  | { kind: 'rate-limit'; retryAfter?: RetryAfterForm; ms?: number }
  /** 429 for an account without credit. */
  | { kind: 'quota' }
  /** 403 for a country that is not served. */
  | { kind: 'forbidden' }
  /** `status` (500) with OpenAI's JSON, or the HTML page of the gateway before it. */
  | { kind: 'server'; status?: 500 | 502 | 503; body?: 'json' | 'html' }
  /** The connection breaks before an answer… */
  | { kind: 'reset' }
  /** …in the middle of one… */
  | { kind: 'truncated' }
  /** …or none comes until the server closes. */
  | { kind: 'hang' }
  /** The body drips for `ms`. */
  | { kind: 'slow'; ms: number }
  /** 200 with a page instead of JSON; the content type may lie about it. */
  | { kind: 'not-json'; contentType?: 'text/html' | 'application/json' }
  /** 200 with a vector missing; a repeated index; a NaN (null as JSON); a zero vector; a value too many. */
  | { kind: 'wrong-count' | 'duplicate-index' | 'nan' | 'zero' | 'wrong-dimensions' }
  /** 200, legal but unexpected: vectors in another order with right indices; numbers where base64 was asked. */
  | { kind: 'wrong-order' | 'ignore-encoding' };

/** Name of a {@link Fault}. */
export type FaultKind = Fault['kind'];

const KINDS: Record<FaultKind, true> = {
  latency: true,
  'rate-limit': true,
  quota: true,
  forbidden: true,
  server: true,
  reset: true,
  truncated: true,
  hang: true,
  slow: true,
  'not-json': true,
  'wrong-count': true,
  'duplicate-index': true,
  nan: true,
  zero: true,
  'wrong-dimensions': true,
  'wrong-order': true,
  'ignore-encoding': true
};

interface Rule {
  strikes: (call: EmbeddingCall) => boolean;
  fault: Fault;
}

/**
 * The faults to come. Only requests that would otherwise be answered meet one. Each takes the next
 * of the queue and every rule that strikes: all latencies count, of the rest the first.
 */
export class FaultQueue {
  #queue: Fault[] = [];
  #rules: Rule[] = [];
  #limiter = new RateLimiter();

  /** The next `times` (1) requests meet the fault, after those already queued. */
  next(fault: Fault & { times?: number }): void {
    const { times = 1, ...rest } = fault;
    for (let i = 0; i < times; i++) this.#queue.push(checkKind(rest));
  }

  /** Every `n`-th request from now on meets the fault: `every(1, …)` all of them. */
  every(n: number, fault: Fault): void {
    let count = 0;
    this.#rules.push({ strikes: () => ++count % n === 0, fault: checkKind(fault) });
  }

  /** Every request for which the predicate holds meets the fault. */
  when(predicate: (call: EmbeddingCall) => boolean, fault: Fault): void {
    this.#rules.push({ strikes: predicate, fault: checkKind(fault) });
  }

  /** From now on requests and tokens are really counted against limits; the buckets start full. */
  limitRate(limits: RateLimits): void {
    this.#limiter = new RateLimiter(limits);
  }

  /** No faults and no limit any more. */
  clear(): void {
    this.#queue = [];
    this.#rules = [];
    this.#limiter = new RateLimiter();
  }

  /** What counts the requests. */
  get limiter(): RateLimiter {
    return this.#limiter;
  }

  /** The latency and the one other fault a request meets; what was queued for it is used up. */
  take(call: EmbeddingCall): { latencyMs: number; fault: Fault | undefined } {
    const faults = this.#rules.filter((rule) => rule.strikes(call)).map((rule) => rule.fault);
    const queued = this.#queue.shift();
    if (queued) faults.unshift(queued);
    const latencies = faults.map((fault) => (fault.kind === 'latency' ? fault.ms : 0));
    return {
      latencyMs: latencies.reduce((sum, ms) => sum + ms, 0),
      fault: faults.find((fault) => fault.kind !== 'latency')
    };
  }
}

function checkKind(fault: Fault): Fault {
  if (Object.hasOwn(KINDS, fault.kind)) return fault;
  throw new TypeError(`There is no fault of the kind ${JSON.stringify(fault.kind)}.`);
}

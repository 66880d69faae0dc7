import { CancelledError, ProviderError, throwIfCancelled } from '#lib/base/errors.ts';
import { backoffMs } from './backoff.ts';

/** Time, handed in so that tests can own it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Waits; throws `CancelledError` as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Longest single timer: a computer that was asleep looks at the clock again within it, and a
 * browser's timers would fire at once beyond 24 days.
 */
const LONGEST_TIMER_MS = 30_000;

/** The clock on the wall. */
export const realClock: Clock = {
  now() {
    return Date.now();
  },
  async sleep(ms, signal) {
    const until = Date.now() + ms;
    throwIfCancelled(signal);
    for (let left = ms; left > 0; left = until - Date.now()) {
      await timer(Math.min(left, LONGEST_TIMER_MS), signal);
    }
  }
};

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(id);
      reject(new CancelledError());
    };
    const id = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Where a pacer stands. */
export interface PacerState {
  inFlight: number;
  /** Most requests it would have in flight now. */
  concurrency: number;
  /** When it sends again after the endpoint asked for a pause (epoch milliseconds), or null. */
  waitUntil: number | null;
}

/** How one request is scheduled. */
export interface Schedule {
  /** Set for a query: it overtakes every waiting batch, and is sent beside those in flight. */
  priority?: boolean;
  /** Takes the request out of the queue; one that is in flight is its sender's to abort. */
  signal?: AbortSignal;
  /** Whose request it is, for {@link Pacer.pause}. */
  owner?: object;
}

interface Waiting {
  send: () => Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  schedule: Schedule;
}

/**
 * Decides when requests to one endpoint are sent. It has a few in flight; one more after each round
 * of answers, up to `maxConcurrency`, and half as many after a refusal for going too fast
 * (`ProviderError` `rate-limit`): additive increase, multiplicative decrease, as in TCP. After such
 * a refusal nothing is sent until the time the endpoint named (`detail.retryAfterMs`, of any
 * length), or for a growing while when it named none; the refused request goes first then, however
 * often it takes. All other errors are the caller's.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #maxConcurrency: number;
  readonly #queries: Waiting[] = [];
  readonly #batches: Waiting[] = [];
  readonly #paused = new Set<object>();
  readonly #listeners = new Set<() => void>();
  #concurrency: number;
  #inFlight = 0;
  #waitUntil: number | null = null;
  /** Answers since the concurrency last changed. */
  #answers = 0;
  /** Refusals since the last answer, a burst counted once. */
  #refusals = 0;
  /** Rises with each refusal that counts, so that the rest of its burst does not. */
  #burst = 0;

  constructor(options: {
    concurrency: number;
    /** Twice `concurrency` unless given. */
    maxConcurrency?: number;
    clock: Clock;
    random: () => number;
  }) {
    this.#concurrency = options.concurrency;
    this.#maxConcurrency = options.maxConcurrency ?? 2 * options.concurrency;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  get state(): PacerState {
    return {
      inFlight: this.#inFlight,
      concurrency: this.#concurrency,
      waitUntil: this.#waitUntil
    };
  }

  /** Calls `listener` whenever {@link state} changes; returns how to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Calls `send` when it is this request's turn and returns what it returns. Throws what `send`
   * throws (but for rate limits, which are waited out), and `CancelledError` when the signal aborts
   * before the request is sent.
   */
  schedule<T>(send: () => Promise<T>, schedule: Schedule = {}): Promise<T> {
    const { signal, priority } = schedule;
    if (signal?.aborted) return Promise.reject(new CancelledError());
    const queue = priority ? this.#queries : this.#batches;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const waiting: Waiting = { send, resolve, reject, schedule };
    const onAbort = () => {
      const place = queue.indexOf(waiting);
      if (place < 0) return;
      queue.splice(place, 1);
      reject(new CancelledError());
    };
    signal?.addEventListener('abort', onAbort);
    queue.push(waiting);
    this.#fill();
    return promise.finally(() => signal?.removeEventListener('abort', onAbort)) as Promise<T>;
  }

  /** Sends no more requests of this owner; those in flight go on, and so do all others. */
  pause(owner: object): void {
    this.#paused.add(owner);
  }

  /** Goes on after {@link pause}. */
  resume(owner: object): void {
    this.#paused.delete(owner);
    this.#fill();
  }

  #fill(): void {
    while (this.#waitUntil === null) {
      const next = this.#next();
      if (!next) return;
      this.#inFlight++;
      void this.#send(next);
      this.#changed();
    }
  }

  /** A query may be one more than batches may, so that it waits for none of their answers. */
  #next(): Waiting | undefined {
    if (this.#inFlight > this.#concurrency) return undefined;
    const query = this.#queries.shift();
    return query ?? (this.#inFlight < this.#concurrency ? this.#nextBatch() : undefined);
  }

  #nextBatch(): Waiting | undefined {
    const place = this.#batches.findIndex(
      ({ schedule: { owner } }) => !owner || !this.#paused.has(owner)
    );
    return place < 0 ? undefined : this.#batches.splice(place, 1)[0];
  }

  async #send(waiting: Waiting): Promise<void> {
    const burst = this.#burst;
    try {
      const answer = await waiting.send();
      this.#speedUp();
      waiting.resolve(answer);
    } catch (error) {
      if (!isRateLimit(error)) waiting.reject(error);
      else {
        this.#slowDown(error, burst);
        this.#sendAgain(waiting);
      }
    }
    this.#inFlight--;
    this.#fill();
    this.#changed();
  }

  #sendAgain(waiting: Waiting): void {
    const { signal, priority } = waiting.schedule;
    if (signal?.aborted) waiting.reject(new CancelledError());
    else (priority ? this.#queries : this.#batches).unshift(waiting);
  }

  #speedUp(): void {
    this.#refusals = 0;
    const busy = this.#inFlight >= this.#concurrency;
    if (!busy || ++this.#answers < this.#concurrency) return;
    this.#answers = 0;
    this.#concurrency = Math.min(this.#maxConcurrency, this.#concurrency + 1);
  }

  #slowDown(error: ProviderError, burst: number): void {
    if (burst === this.#burst) {
      this.#burst++;
      this.#refusals++;
      this.#answers = 0;
      this.#concurrency = Math.max(1, Math.floor(this.#concurrency / 2));
    }
    const told = error.detail.retryAfterMs;
    // A time that is over already says no more than none: going on at once would be a tight loop.
    const ms =
      typeof told === 'number' && told > 0 ? told : backoffMs(this.#refusals, this.#random);
    const alreadyWaiting = this.#waitUntil !== null;
    this.#waitUntil = Math.max(this.#waitUntil ?? 0, this.#clock.now() + ms);
    if (!alreadyWaiting) void this.#wait();
  }

  async #wait(): Promise<void> {
    // The time may be put off while it is waited for.
    for (let left; (left = (this.#waitUntil ?? 0) - this.#clock.now()) > 0;) {
      await this.#clock.sleep(left);
    }
    this.#waitUntil = null;
    this.#fill();
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function isRateLimit(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.code === 'rate-limit';
}

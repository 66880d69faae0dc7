import { CancelledError } from '#lib/base/errors.ts';
import type { Clock } from '#lib/embedding/pacer.ts';

/** A clock whose time passes only when told to, and then all at once. */
export class FakeClock implements Clock {
  #now: number;
  #timers: { at: number; ring: () => void }[] = [];

  constructor(now = Date.UTC(2026, 10, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new CancelledError());
      const timer = { at: this.#now + Math.max(0, ms), ring: resolve };
      this.#timers.push(timer);
      signal?.addEventListener('abort', () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
        reject(new CancelledError());
      });
    });
  }

  /** Lets `ms` pass, ringing every timer at its time. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    while (this.#next() <= until) await this.#ringNext();
    this.#now = until;
  }

  /** Lets time pass, timer by timer, until the promise settles; throws when nothing is left to happen. */
  async runUntil<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => (settled = true);
    promise.then(done, done);
    await settle();
    while (!settled) {
      if (this.#next() === Infinity) throw new Error('Nothing is left to happen: this hangs.');
      await this.#ringNext();
    }
    return promise;
  }

  #next(): number {
    return Math.min(...this.#timers.map(({ at }) => at));
  }

  async #ringNext(): Promise<void> {
    this.#now = this.#next();
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { ring } of due) ring();
    await settle();
  }
}

/** Lets everything happen that needs no time. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

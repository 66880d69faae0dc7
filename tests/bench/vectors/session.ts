import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { browserLaunchOptions } from '../../support/browser.ts';
import { browserBytes, diskBytes } from '../memory-meter.ts';
import type { BenchApi } from './page/bench.worker.ts';
import type { Asked, Asking, Begun, Bench } from './page/page.ts';

/** Chromium goes on starting, and tidying up, for a few seconds. */
const MEMORY_PAUSE_MS = 500;
const MEMORY_LOOKS = 20;
const STEADY_BYTES = 500_000;

type Globals = { bench: Bench };

/** A browser with a profile of its own on the disk, and the bench page in it. */
export class Session {
  readonly #profile: string;
  readonly #context: BrowserContext;
  readonly #page: Page;

  private constructor(profile: string, context: BrowserContext) {
    this.#profile = profile;
    this.#context = context;
    this.#page = context.pages()[0]!;
  }

  /** Starts a browser and, in the page, an empty worker. */
  static async open(url: string): Promise<Session> {
    const profile = await mkdtemp(join(tmpdir(), 'bench-profile-'));
    const options = browserLaunchOptions();
    const context = await chromium.launchPersistentContext(profile, {
      ...options,
      args: [...options.args, '--js-flags=--expose-gc'],
      baseURL: url
    });
    const session = new Session(profile, context);
    await session.#page.goto('/');
    await session.#start();
    return session;
  }

  get browserVersion(): string {
    return this.#context.browser()?.version() ?? '';
  }

  /** Calls a method of the worker. */
  call<Name extends keyof BenchApi>(
    method: Name,
    ...args: Parameters<BenchApi[Name]>
  ): Promise<Awaited<ReturnType<BenchApi[Name]>>> {
    return this.#page.evaluate(
      ([method, args]) => (globalThis as unknown as Globals).bench.call(method, args),
      [method, args as unknown[]] as const
    ) as never;
  }

  /** See `begin` of the page. */
  begin(step: 'build' | 'buildStored' | 'open', dimensions: number, k: number): Promise<Begun> {
    return this.#page.evaluate(
      ([step, dimensions, k]) =>
        (globalThis as unknown as Globals).bench.begin(step, dimensions, k),
      [step, dimensions, k] as const
    );
  }

  /** See `ask` of the page. */
  ask(asking: Asking): Promise<Asked> {
    return this.#page.evaluate(
      (asking) => (globalThis as unknown as Globals).bench.ask(asking),
      asking
    );
  }

  /** Loads the page anew: another worker, memory of its own, the same disk. */
  async reload(): Promise<void> {
    await this.#page.reload();
    await this.#start();
  }

  /** What the browser's processes hold, once it hardly changes any more. */
  async memoryBytes(): Promise<number> {
    let last = await browserBytes(this.#profile, 'data');
    for (let look = 0; look < MEMORY_LOOKS; look++) {
      await setTimeout(MEMORY_PAUSE_MS);
      const bytes = await browserBytes(this.#profile, 'data');
      if (Math.abs(bytes - last) < STEADY_BYTES) return bytes;
      last = bytes;
    }
    return last;
  }

  /** What is in IndexedDB. */
  diskBytes(): number {
    return diskBytes(this.#profile);
  }

  /** Ends the browser, whatever it is doing, and removes its profile. */
  async close(): Promise<void> {
    await this.#context.close();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #start(): Promise<void> {
    return this.#page.evaluate(() => (globalThis as unknown as Globals).bench.start());
  }
}

import { test as base, type Page } from '@playwright/test';
import { startOpenAIServer, TEST_KEY, type OpenAIServer } from '../support/openai-server.ts';
import { PersistentBrowser } from './persistent-browser.ts';

export { expect } from '@playwright/test';
export { TEST_KEY };

/** A model with a name of its own, as servers at home have; its vectors are small. */
const FREE_MODEL = { 'tiny-embed': { dimensions: 64, shortens: false } };

interface Fixtures {
  /** The stand-in for OpenAI's endpoint; takes {@link TEST_KEY}, and knows `tiny-embed`, too. */
  standIn: OpenAIServer;
  /** A browser with a profile of its own, that can be killed and opened again. */
  persistent: PersistentBrowser;
}

/** Playwright's `test`, with what journeys through the site need. */
export const test = base.extend<Fixtures>({
  standIn: async ({ browserName: _ }, use) => {
    const server = await startOpenAIServer({ keys: [TEST_KEY], models: FREE_MODEL });
    await use(server);
    await server.close();
  },
  persistent: async ({ baseURL }, use) => {
    const browser = await PersistentBrowser.create(baseURL!);
    await use(browser);
    await browser.dispose();
  }
});

/** A task that kept the main thread from drawing. */
export interface LongTask {
  /** Since the page began to load. */
  startMs: number;
  durationMs: number;
}

/**
 * Watches every page loaded from now on in `page`, and returns a function that tells which tasks
 * of over 50 ms (the browser's own limit for a long task) the present one had on its main thread.
 */
export async function longTasks(page: Page): Promise<() => Promise<LongTask[]>> {
  await page.addInitScript(() => {
    const tasks: LongTask[] = [];
    Object.assign(globalThis, { longTasks: tasks });
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) {
        tasks.push({ startMs: startTime, durationMs: duration });
      }
    }).observe({ type: 'longtask', buffered: true });
  });
  return () => page.evaluate(() => (globalThis as unknown as { longTasks: LongTask[] }).longTasks);
}

/** A task of the page's main thread, by the processor time it took. */
export interface BusyTask {
  cpuMs: number;
}

/**
 * Traces `page` from now on, and returns a function that ends the trace and tells for which tasks
 * its main thread worked over 50 ms. Processor time, not time on the clock: on a machine that is
 * shared, a task also waits for others, which is not the page's doing.
 */
export async function busyTasks(page: Page): Promise<() => Promise<BusyTask[]>> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
  return async () => {
    // A task is written down when it ends, and the page answers before that: two more tasks, and it has.
    for (let n = 0; n < 2; n++) {
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    }
    const trace = JSON.parse((await browser.stopTracing()).toString()) as {
      traceEvents: TraceEvent[];
    };
    const threadOf = ({ pid, tid }: TraceEvent) => `${pid}:${tid}`;
    const mainThreads = new Set(
      trace.traceEvents
        .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
        .map(threadOf)
    );
    const tasks = trace.traceEvents.filter(
      (event) => event.name === 'RunTask' && mainThreads.has(threadOf(event))
    );
    if (tasks.length === 0) throw new Error('The trace holds no task of a main thread.');
    return tasks
      .map(({ tdur = 0 }) => ({ cpuMs: tdur / 1000 }))
      .filter(({ cpuMs }) => cpuMs > LONG_MS);
  };
}

const LONG_MS = 50;

/** An event of Chromium's trace format; times in microseconds. */
interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Time of the thread on a processor. */
  tdur?: number;
  args?: { name?: string };
}

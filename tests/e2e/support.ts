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

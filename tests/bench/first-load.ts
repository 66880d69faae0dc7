import { chromium } from '@playwright/test';
import { browserLaunchOptions } from '../support/browser.ts';
import { startSite } from '../support/site.ts';
import type { Figure } from './run.ts';

const RUNS = 7;

/** JavaScript of the home page, and the time until it can be used, in a new profile each time. */
export async function benchFirstLoad(): Promise<Figure[]> {
  const site = await startSite();
  const browser = await chromium.launch(browserLaunchOptions());
  const usableMs: number[] = [];
  let scripts = { page: 0, workers: 0 };
  for (let run = 0; run < RUNS; run++) {
    const context = await browser.newContext({ baseURL: site.url });
    const page = await context.newPage();
    await page.addInitScript(() => {
      const isUsable = () =>
        [...document.querySelectorAll('button')].some(
          (button) => button.textContent?.includes('Try a sample') && !button.disabled
        );
      const look = () => {
        if (isUsable()) performance.mark('usable');
        else requestAnimationFrame(look);
      };
      look();
    });
    await page.goto('/');
    usableMs.push(
      (await (
        await page.waitForFunction(() => performance.getEntriesByName('usable')[0]?.startTime)
      ).jsonValue()) as number
    );
    scripts = await page.evaluate(() => {
      const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
      const bytes = (ofWorkers: boolean) =>
        entries
          .filter(({ name }) => name.endsWith('.js') && name.includes('/workers/') === ofWorkers)
          .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
      return { page: bytes(false), workers: bytes(true) };
    });
    await context.close();
  }
  await browser.close();
  await site.close();
  return [
    { what: 'JavaScript of the home page, gzip', value: scripts.page / 1000, unit: 'kB' },
    { what: 'home page usable (median)', value: median(usableMs), unit: 'ms' }
  ];
}

/** The middle one of an odd number of values. */
export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

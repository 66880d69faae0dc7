import { chromium } from '@playwright/test';
import { browserLaunchOptions } from '../support/browser.ts';
import { startSite } from '../support/site.ts';
import { xssJourney } from '../support/walk/xss-journey.ts';
import { xssPayloads } from '../support/xss-payloads.ts';
import type { SoakOptions } from './run.ts';

const PAYLOADS = 200;
/** In one journey. */
const TOGETHER = 20;

/** Sends 200 texts that want to be code through every page, and other 200 while there is time. */
export async function soakXss({ seed, untilMs, report }: SoakOptions): Promise<string> {
  const site = await startSite();
  const browser = await chromium.launch(browserLaunchOptions());
  let tried = 0;
  try {
    for (let at = seed; at === seed || performance.now() < untilMs; at++) {
      const all = xssPayloads(PAYLOADS, at);
      for (let from = 0; from < all.length; from += TOGETHER) {
        const payloads = all.slice(from, from + TOGETHER);
        const page = await browser.newPage();
        const found = await xssJourney(page, { url: site.url, payloads, presses: 20 });
        for (const finding of new Set(found)) report(`seed ${at}, from ${from}: ${finding}`);
        await page.context().close();
        tried += payloads.length;
      }
    }
  } finally {
    await browser.close();
    await site.close();
  }
  return `${tried} texts through every page`;
}

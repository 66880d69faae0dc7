import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, type Page } from '@playwright/test';
import { longTasks } from '../e2e/support.ts';
import { search } from '../e2e/journey.ts';
import { browserLaunchOptions } from '../support/browser.ts';
import { startSite } from '../support/site.ts';
import { ticketsCsv } from '../support/tickets-csv.ts';
import { median } from './first-load.ts';
import { diskBytes, MemoryMeter } from './memory-meter.ts';
import type { Figure } from './run.ts';

const ROWS = 100_000;
const BYTES_PER_ROW = 525;
const QUESTIONS = ['printer', 'invoice', 'password', 'laptop', 'order', 'refund', 'parcel'].flatMap(
  (subject) => [
    `${subject} is missing`,
    `the ${subject} arrived broken`,
    `${subject} shows an error`
  ]
);
const LONG_MS = 300_000;

/**
 * A CSV of 100,000 rows and 50 MB in the real page, on a profile on disk: how long each step takes,
 * how much memory and room it needs, and whether the page ever stood still.
 */
export async function benchImport(): Promise<Figure[]> {
  const site = await startSite();
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const file = join(folder, 'tickets.csv');
  const csv = ticketsCsv(ROWS, BYTES_PER_ROW);
  await writeFile(file, csv);
  const profile = join(folder, 'profile');
  const context = await chromium.launchPersistentContext(profile, {
    ...browserLaunchOptions(),
    baseURL: site.url
  });
  const memory = new MemoryMeter(profile);
  try {
    const page = context.pages()[0]!;
    const tasks = await longTasks(page);
    const figures: Figure[] = [
      { what: 'rows', value: ROWS, unit: '' },
      { what: 'file', value: Buffer.byteLength(csv) / 1e6, unit: 'MB' }
    ];
    await page.goto('/');
    await page.getByRole('link', { name: 'New collection' }).first().click();
    // The home page has a drop zone, too: this is about the one on the next page.
    await expect(page.getByRole('heading', { name: 'New collection' })).toBeVisible();
    await memory.start();

    const droppedMs = await now(page);
    let lastMs = droppedMs;
    const step = async (what: string) => {
      const ms = await now(page);
      figures.push({ what, value: (ms - lastMs) / 1000, unit: 's' });
      lastMs = ms;
    };
    await page.getByLabel('Data file').setInputFiles(file);
    await expect(page.getByText('100,000 rows').first()).toBeVisible({ timeout: LONG_MS });
    await step('parse');
    await expect(page.getByRole('status', { name: 'Estimate' })).toContainText('100,000 items', {
      timeout: LONG_MS
    });
    await step('count tokens');
    figures.push({
      what: 'peak memory until tokens are counted',
      value: memory.peakBytes / 1e6,
      unit: 'MB'
    });
    await page.getByRole('button', { name: 'Embed', exact: true }).click();
    await expect(page.getByRole('progressbar', { name: 'Embedding' })).toBeVisible({
      timeout: LONG_MS
    });
    await step('keep the items');
    await expect(page).toHaveURL(/search$/, { timeout: LONG_MS });
    await step('embed with Built-in');
    await search(page, QUESTIONS[0]!);
    await step('first search');
    figures.push({ what: 'drop to first search', value: (lastMs - droppedMs) / 1000, unit: 's' });
    const long = (await tasks()).filter(({ startMs }) => startMs >= droppedMs);
    figures.push(
      { what: 'main-thread tasks over 50 ms', value: long.length, unit: '' },
      { what: 'peak memory until the first search', value: memory.peakBytes / 1e6, unit: 'MB' }
    );

    const exactMs = await medianAnswerMs(page);
    figures.push({
      what: 'search, exact, while the graph is built (median)',
      value: exactMs,
      unit: 'ms'
    });
    figures.push({
      what: 'size on disk, without the graph',
      value: diskBytes(profile) / 1e6,
      unit: 'MB'
    });

    await page.reload();
    await search(page, QUESTIONS[0]!);
    figures.push({ what: 'reload to first answer', value: (await now(page)) / 1000, unit: 's' });
    figures.push({ what: 'peak memory', value: memory.peakBytes / 1e6, unit: 'MB' });
    return figures;
  } finally {
    memory.stop();
    await context.close();
    await site.close();
    await rm(folder, { recursive: true });
  }
}

function now(page: Page): Promise<number> {
  return page.evaluate(() => performance.now());
}

/** Asks all questions, comparing with every item; the median time from Enter to other results. */
async function medianAnswerMs(page: Page): Promise<number> {
  await page.getByRole('combobox', { name: 'Method' }).selectOption('Exact');
  await expect(page.getByText(/Exact ·\s+compared/)).toBeVisible();
  const times: number[] = [];
  // The first one is on the page already.
  for (const question of QUESTIONS.slice(1)) {
    await page.getByRole('searchbox', { name: 'Search' }).fill(question);
    const from = await page.evaluate(() => {
      const list = document.querySelector('[aria-label="Results"]')!;
      const answered = new Promise<number>((resolve) => {
        new MutationObserver(() => resolve(performance.now())).observe(list, {
          childList: true,
          subtree: true,
          characterData: true
        });
      });
      Object.assign(globalThis, { answered });
      const input = document.querySelector<HTMLInputElement>('input[type="search"]')!;
      const start = performance.now();
      input.form!.requestSubmit();
      return start;
    });
    const until = await page.evaluate(
      () => (globalThis as unknown as { answered: Promise<number> }).answered
    );
    times.push(until - from);
  }
  return median(times);
}

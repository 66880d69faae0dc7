import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, type Page } from '@playwright/test';
import { browserLaunchOptions } from '../support/browser.ts';
import { startSite } from '../support/site.ts';
import { ticketsCsv } from '../support/tickets-csv.ts';
import { zipfCsv, zipfWords } from '../support/zipf-csv.ts';
import type { Figure } from './run.ts';

const FEW = 10_000;
const MANY = 100_000;
const QUESTIONS = 40;
const MINUTES = 60_000;

/** Ten labels, some of them with words of the tickets. */
const LABELS = [
  'printer trouble',
  'invoice: a bill that is wrong or charged twice',
  'password and login',
  'delivery',
  'camera',
  'battery',
  'subscription',
  'calendar and meetings',
  'router',
  'refund'
].join('\n');

/**
 * The three applications in the page, with Built-in (384 dimensions): classifying 10,000 items, hybrid search
 * in 100,000, and their list.
 */
export async function benchTasks(): Promise<Figure[]> {
  const site = await startSite();
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const browser = await chromium.launch(browserLaunchOptions());
  const inPage = async (csv: string, work: (page: Page) => Promise<Figure[]>) => {
    const file = join(folder, 'items.csv');
    await writeFile(file, csv);
    const page = await browser.newPage({ baseURL: site.url });
    await page.goto('/');
    await page.getByLabel('Data file').setInputFiles(file);
    await page.getByRole('button', { name: 'Embed', exact: true }).click({ timeout: MINUTES });
    await expect(page).toHaveURL(/search$/, { timeout: 5 * MINUTES });
    await expect(page.getByText(/^Graph ready/)).toBeVisible({ timeout: 5 * MINUTES });
    const figures = await work(page);
    await page.close();
    return figures;
  };
  try {
    return [
      ...(await inPage(ticketsCsv(FEW, 500), classifying)),
      ...(await inPage(zipfCsv(MANY), (page) => searching(page, 'articles', zipfQuestions()))),
      ...(await inPage(ticketsCsv(MANY, 500), (page) =>
        searching(page, 'tickets', ticketQuestions())
      ))
    ];
  } finally {
    await browser.close();
    await site.close();
    await rm(folder, { recursive: true });
  }
}

async function classifying(page: Page): Promise<Figure[]> {
  await page.getByRole('link', { name: 'Classify', exact: true }).click();
  await page.getByRole('textbox', { name: 'Labels' }).fill(LABELS);
  // The first time reads the items, and embeds the labels.
  const first = await timeClassify(page, 'Label only');
  const again = await timeClassify(page, 'Label only');
  await page.getByRole('radio', { name: 'From examples' }).check();
  await page.getByRole('combobox', { name: 'Learn from' }).selectOption('Field: priority');
  const neighbours = await timeClassify(page, '5 nearest neighbours');
  await page.getByRole('combobox', { name: 'Decide by' }).selectOption('Nearest centroid');
  const centroid = await timeClassify(page, 'Nearest centroid');
  const of = `${FEW.toLocaleString('en-US')} × 384`;
  return [
    { what: `10 labels, alone and described, ${of}: the first time`, value: first, unit: 'ms' },
    { what: '… and again', value: again, unit: 'ms' },
    { what: `leave-one-out, 5 nearest neighbours, ${of}`, value: neighbours, unit: 'ms' },
    { what: `leave-one-out, nearest centroid, ${of}`, value: centroid, unit: 'ms' }
  ];
}

/** Milliseconds from the click to predictions of this kind on the screen. */
async function timeClassify(page: Page, column: string): Promise<number> {
  const from = Date.now();
  await page.getByRole('button', { name: 'Classify' }).click();
  const table = page.getByRole('table', { name: 'Predictions' });
  await table.getByRole('columnheader', { name: column }).waitFor({ timeout: 5 * MINUTES });
  await expect(page.getByRole('progressbar')).toHaveCount(0, { timeout: 5 * MINUTES });
  await expect(table.getByRole('row').nth(1)).toBeVisible();
  return Date.now() - from;
}

async function searching(page: Page, name: string, questions: string[]): Promise<Figure[]> {
  await page.getByText('Refine').click();
  const balance = page.getByRole('slider', { name: 'Words or meaning' });
  await page.getByRole('searchbox', { name: 'Search' }).fill('to begin with');
  await page.getByRole('searchbox', { name: 'Search' }).press('Enter');
  await expect(page.getByText(/compared with/)).toBeVisible({ timeout: MINUTES });
  const from = Date.now();
  await balance.fill('0.5');
  await expect(page.getByText(/by meaning/).first()).toBeVisible({ timeout: 2 * MINUTES });
  const built = Date.now() - from;
  const times: number[] = [];
  for (const question of questions) times.push(await answeredIn(page, question));
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * (times.length - 1))]!;
  const listed = await timeList(page);
  const of = `${MANY.toLocaleString('en-US')} ${name}`;
  return [
    { what: `${of}: first hybrid answer, the keyword index made for it`, value: built, unit: 'ms' },
    { what: `… a hybrid answer, from Enter to the items, median`, value: at(0.5), unit: 'ms' },
    { what: `… its 95th percentile`, value: at(0.95), unit: 'ms' },
    { what: `… their list on the screen`, value: listed, unit: 'ms' }
  ];
}

/**
 * The time in all, as the page tells it once the answer is there. The page is asked once, and waits for
 * itself: looking again and again from outside, by role and name, takes its main thread 20 ms each time.
 */
async function answeredIn(page: Page, question: string): Promise<number> {
  const told = await page.evaluate(async (words) => {
    const input = document.querySelector<HTMLInputElement>('input[type=search]')!;
    input.value = words;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    const busy = () => document.querySelector('ol[aria-label=Results]')?.ariaBusy;
    let asked = false;
    await new Promise<void>((resolve) => {
      const look = () => {
        asked ||= busy() === 'true';
        if (asked && busy() === 'false') resolve();
      };
      new MutationObserver(look).observe(document, {
        subtree: true,
        attributeFilter: ['aria-busy']
      });
      input.form!.requestSubmit();
    });
    return document.querySelector('.found > p')!.textContent;
  }, question);
  const [, number, unit] = /([\d.]+) (ms|s)$/.exec(told.trim())!;
  return Number(number) * (unit === 's' ? 1000 : 1);
}

async function timeList(page: Page): Promise<number> {
  const from = Date.now();
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  await page.getByRole('grid').getByRole('link').first().waitFor({ timeout: MINUTES });
  return Date.now() - from;
}

function zipfQuestions(): string[] {
  const word = zipfWords(99);
  return Array.from({ length: QUESTIONS }, (_, n) =>
    Array.from({ length: 3 + (n % 6) }, word).join(' ')
  );
}

/** Sentences of other tickets. */
function ticketQuestions(): string[] {
  const lines = ticketsCsv(4 * QUESTIONS, 100, 77).match(/The [a-z].*?(?=[.])/g) ?? [];
  return lines.slice(0, QUESTIONS);
}

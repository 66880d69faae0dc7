import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium, type Browser, type Page } from '@playwright/test';
import { Dice } from '../support/awkward-files.ts';
import { browserLaunchOptions } from '../support/browser.ts';
import { startOpenAIServer, type Fault, type OpenAIServer } from '../support/openai-server.ts';
import { startSite, type Site } from '../support/site.ts';
import { readStored, type StoredCollection } from '../support/stored.ts';
import { ticketsCsv } from '../support/tickets-csv.ts';
import { connect, describePage, faultsOf } from './page.ts';
import type { SoakOptions } from './run.ts';

/** Longest a storm may last; backing off takes most of it. */
const PATIENCE_MS = 240_000;
/** Between two looks at the page. */
const LOOK_MS = 250;

/** Faults that a run goes on after by itself… */
const PASSING: Fault[] = [
  { kind: 'rate-limit', retryAfter: 'seconds', ms: 1000 },
  { kind: 'rate-limit', retryAfter: 'date', ms: 1000 },
  { kind: 'rate-limit', retryAfter: 'milliseconds', ms: 150 },
  { kind: 'rate-limit', retryAfter: 'absent' },
  { kind: 'server', status: 500 },
  { kind: 'server', status: 502, body: 'html' },
  { kind: 'server', status: 503 },
  { kind: 'reset' },
  { kind: 'truncated' },
  { kind: 'slow', ms: 1500 },
  { kind: 'not-json' },
  { kind: 'not-json', contentType: 'application/json' },
  { kind: 'wrong-count' },
  { kind: 'duplicate-index' },
  { kind: 'nan' },
  { kind: 'zero' },
  { kind: 'wrong-order' },
  { kind: 'ignore-encoding' }
];
/** …and those that stop it, until the reader resumes. */
const STOPPING: Fault[] = [{ kind: 'quota' }, { kind: 'forbidden' }, { kind: 'wrong-dimensions' }];
/** Faults whose answers are in order all the same. */
const HARMLESS = new Set([null, 'slow', 'wrong-order', 'ignore-encoding']);

interface Told {
  rows: number;
  requests: number;
  faulty: number;
  resumed: number;
  failed: number;
}

/**
 * Embeds CSVs while the endpoint fails in every way it knows, at random; resumes what stopped. In the
 * end every row is embedded rightly or listed with a reason, and what is listed succeeds when it is
 * tried again in fair weather.
 */
export async function soakStorms({ seed, untilMs, report }: SoakOptions): Promise<string> {
  const site = await startSite();
  const standIn = await startOpenAIServer();
  const browser = await chromium.launch(browserLaunchOptions());
  const told: Told = { rows: 0, requests: 0, faulty: 0, resumed: 0, failed: 0 };
  let at = seed;
  try {
    for (; performance.now() < untilMs || at === seed; at++) {
      const tell = (finding: string) => report(`seed ${at}: ${finding}`);
      await storm({ site, standIn, browser, seed: at, report: tell, told });
    }
  } finally {
    await browser.close();
    await standIn.close();
    await site.close();
  }
  return (
    `${at - seed} storms over ${told.rows} rows: ${told.faulty} of ${told.requests} requests met a ` +
    `fault, ${told.resumed} times stopped and resumed, ${told.failed} rows failed and were retried`
  );
}

interface Storm {
  site: Site;
  standIn: OpenAIServer;
  browser: Browser;
  seed: number;
  report: (finding: string) => void;
  told: Told;
}

async function storm({ site, standIn, browser, seed, report, told }: Storm): Promise<void> {
  const dice = new Dice(seed);
  const total = 500 + dice.below(3000);
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  const file = join(folder, 'tickets.csv');
  await writeFile(file, ticketsCsv(total, 150, seed));
  const context = await browser.newContext({ baseURL: site.url });
  const page = await context.newPage();
  standIn.ledger.clear();
  standIn.faults.clear();
  try {
    await connect(page, standIn.baseUrl);
    await page.getByRole('link', { name: 'New collection' }).first().click();
    await page.getByLabel('Data file').setInputFiles(file);
    // The model's dimensions are asked for when Embed is pressed: the weather turns after that.
    standIn.faults.next({ kind: 'latency', ms: 100 });
    await page.getByRole('button', { name: 'Embed', exact: true }).click({ timeout: 30_000 });
    await untilProbed(standIn);
    brew(standIn, dice);
    const resumed = await weather(page, report);
    const { requests } = standIn.ledger;
    told.requests += requests.length;
    told.faulty += requests.filter(({ fault }) => fault !== null).length;
    checkBought(standIn, report);

    standIn.faults.clear();
    const [stored] = await readStored(page);
    const failures = stored!.rows.filter(({ failure }) => failure !== null);
    if (failures.some(({ failure }) => failure === '')) report('rows failed without a reason');
    if (failures.length > 0) {
      await page.getByRole('button', { name: 'Retry these' }).click();
      await weather(page, report, true);
    }
    const [whole] = await readStored(page, { vectors: true });
    for (const fault of faultsOf(whole!, total)) report(fault);
    told.rows += total;
    told.resumed += resumed;
    told.failed += failures.length;
  } finally {
    await context.close();
    await rm(folder, { recursive: true });
  }
}

async function untilProbed({ ledger }: OpenAIServer): Promise<void> {
  while (!ledger.requests.some(({ status }) => status === 200)) await delay(5);
}

/** Makes the endpoint fail now and then, often or seldom, in all ways or only in some. */
function brew({ faults }: OpenAIServer, dice: Dice): void {
  const probability = 0.05 + 0.3 * dice.random();
  const kinds = PASSING.filter(() => dice.chance(0.7));
  for (const fault of kinds) {
    faults.when(() => dice.chance(probability / kinds.length), fault);
  }
  for (const fault of STOPPING) faults.when(() => dice.chance(0.004), fault);
  faults.every(1, { kind: 'latency', ms: dice.below(120) });
  if (dice.chance(0.3)) faults.limitRate({ requestsPerSecond: 5 + dice.below(20) });
  // A text that the model can't embed: its request fails at every try.
  if (dice.chance(0.3)) {
    faults.when(({ texts }) => texts.some((text) => text.includes('laptop 7')), { kind: 'nan' });
  }
}

/** Watches the page until every row is settled, resuming what stopped; returns how often. */
async function weather(
  page: Page,
  report: (finding: string) => void,
  allEmbedded = false
): Promise<number> {
  const resume = page.getByRole('button', { name: 'Resume' });
  const endMs = performance.now() + PATIENCE_MS;
  for (let resumed = 0; ; await delay(LOOK_MS)) {
    // In this order: what an idle page has kept is all there will be.
    const isIdle = (await page.getByRole('button', { name: 'Cancel' }).count()) === 0;
    const [collection] = await readStored(page);
    if (collection && isIdle && isSettled(collection, allEmbedded)) return resumed;
    if (performance.now() > endMs) {
      report(`not settled after ${PATIENCE_MS / 1000} s: ${await describePage(page)}`);
      return resumed;
    }
    if (!isIdle || !(await resume.isVisible())) continue;
    if ((await page.getByRole('alert').count()) === 0) {
      report(`stopped without saying why: ${await describePage(page)}`);
    }
    await resume.click();
    resumed++;
  }
}

function isSettled({ rows }: StoredCollection, allEmbedded: boolean): boolean {
  return rows.every(({ segments, failure }) => segments > 0 || (!allEmbedded && failure !== null));
}

/** A text that was answered in order is not asked for again. */
function checkBought({ ledger }: OpenAIServer, report: (finding: string) => void): void {
  const sound = ledger.requests.filter(
    ({ status, fault }) => status === 200 && HARMLESS.has(fault)
  );
  const texts = sound.flatMap(({ inputs }) => inputs);
  const again = texts.length - new Set(texts).size;
  if (again > 0) report(`${again} texts were bought again after an answer that was in order`);
}

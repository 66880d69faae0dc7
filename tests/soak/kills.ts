import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, type Page } from '@playwright/test';
import { PersistentBrowser } from '../e2e/persistent-browser.ts';
import { Dice } from '../support/awkward-files.ts';
import { startOpenAIServer, type OpenAIServer } from '../support/openai-server.ts';
import { startSite, type Site } from '../support/site.ts';
import { readStored, type StoredCollection } from '../support/stored.ts';
import { ticketsCsv } from '../support/tickets-csv.ts';
import { connect, describePage, faultsOf } from './page.ts';
import type { SoakOptions } from './run.ts';

/** Longest one opening may take to embed what is left. */
const PATIENCE_MS = 120_000;

/** Where in the journey a kill comes, and how long after that point. */
type Moment = { phase: 'start' | 'import' | 'embed'; afterMs: number };

/** Texts the endpoint was asked for that were not kept when the browser died, in requests and rows. */
interface Loss {
  requests: number;
  rows: number;
}

/**
 * Embeds a CSV in a browser that is killed again and again: at its start, while it reads and keeps
 * the file, while it embeds; then lets it finish, and looks at what is kept and what was bought.
 */
export async function soakKills({ seed, untilMs, report }: SoakOptions): Promise<string> {
  const site = await startSite();
  const standIn = await startOpenAIServer();
  const told = { rounds: 0, kills: 0, rows: 0 };
  const worst: Loss = { requests: 0, rows: 0 };
  try {
    for (let at = seed; performance.now() < untilMs || at === seed; at++) {
      const round = new Round(site, standIn, at, (finding) => report(`seed ${at}: ${finding}`));
      await round.run();
      told.rounds++;
      told.kills += round.losses.length;
      told.rows += round.total;
      for (const loss of round.losses) {
        worst.requests = Math.max(worst.requests, loss.requests);
        worst.rows = Math.max(worst.rows, loss.rows);
      }
    }
  } finally {
    await standIn.close();
    await site.close();
  }
  return (
    `${told.kills} kills in ${told.rounds} collections of ${told.rows} rows in all; ` +
    `at worst ${worst.requests} requests (${worst.rows} rows) were lost to a kill`
  );
}

class Round {
  readonly losses: Loss[] = [];
  readonly total: number;
  readonly #site: Site;
  readonly #standIn: OpenAIServer;
  readonly #dice: Dice;
  readonly #seed: number;
  readonly #report: (finding: string) => void;
  /** The most the page has shown as embedded since it was opened. */
  #shown = 0;
  /** Texts that were kept when the browser was last opened. */
  #kept = new Set<string>();

  constructor(site: Site, standIn: OpenAIServer, seed: number, report: (finding: string) => void) {
    this.#site = site;
    this.#standIn = standIn;
    this.#seed = seed;
    this.#dice = new Dice(seed);
    this.#report = report;
    this.total = 600 + this.#dice.below(2500);
  }

  async run(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'soak-'));
    const file = join(folder, 'tickets.csv');
    await writeFile(file, ticketsCsv(this.total, 150, this.#seed));
    const browser = await PersistentBrowser.create(this.#site.url);
    this.#standIn.ledger.clear();
    this.#standIn.faults.clear();
    const latencyMs = 40 + this.#dice.below(250);
    this.#standIn.faults.every(1, { kind: 'latency', ms: latencyMs });
    try {
      for (const moment of this.#moments(latencyMs)) await this.#open(browser, file, moment);
      await this.#open(browser, file, undefined);
    } finally {
      await browser.dispose();
      await rm(folder, { recursive: true });
    }
  }

  /** Two to five kills; the one after another may come at once. */
  #moments(latencyMs: number): Moment[] {
    const embedMs = ((this.total / 64) * latencyMs) / 3;

    return Array.from({ length: 2 + this.#dice.below(4) }, () => {
      const phase = this.#dice.pick(['start', 'import', 'embed', 'embed', 'embed'] as const);
      const longest = { start: 400, import: 1500, embed: 200 + embedMs / 2 }[phase];
      return { phase, afterMs: this.#dice.below(longest) };
    });
  }

  /** Opens the browser and goes on with the journey until it is killed or, without a moment, done. */
  async #open(browser: PersistentBrowser, file: string, moment: Moment | undefined): Promise<void> {
    const context = await browser.open();
    const page = context.pages()[0]!;
    await watchProgress(page, (value) => (this.#shown = Math.max(this.#shown, value)));
    const sentBefore = this.#standIn.ledger.requests.length;

    const dead = Promise.withResolvers<'killed'>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const reached = (phase: Moment['phase']) => {
      if (phase !== moment?.phase) return;
      timer = setTimeout(() => {
        void browser.kill().then(() => dead.resolve('killed'), dead.reject);
      }, moment.afterMs);
    };
    const travelled = this.#travel(page, file, reached, sentBefore).catch((error: unknown) => {
      // A page that is killed under a step makes the step fail.
      if (!moment) throw error;
      return dead.promise;
    });
    const ended = await Promise.race([
      travelled,
      // Not every step notices that its page is gone.
      dead.promise,
      delay(PATIENCE_MS, 'stuck', { ref: false }).then(() => 'stuck')
    ]);
    if (ended === 'stuck') {
      const about = await describePage(page).catch(String);
      this.#report(`not done after ${PATIENCE_MS / 1000} s: ${about}`);
    }
    clearTimeout(timer);
    if (ended !== 'killed') await browser.kill();
    this.#countLoss ??= () => this.#lossSince(sentBefore);
  }

  #countLoss: (() => Loss) | undefined;

  async #travel(
    page: Page,
    file: string,
    reached: (phase: Moment['phase']) => void,
    sentBefore: number
  ): Promise<string> {
    reached('start');
    await page.goto('/');
    await expect(page.getByRole('button', { name: 'Try a sample' })).toBeEnabled();
    const shownBefore = this.#shown;
    const found = await this.#look(page);
    this.#shown = 0;
    if (shownBefore > this.#kept.size) {
      this.#report(`${shownBefore} rows were shown as embedded, ${this.#kept.size} are`);
    }
    const loss = this.#countLoss?.();
    if (loss) this.#judge(loss);
    this.#countLoss = undefined;

    await connect(page, this.#standIn.baseUrl);
    reached('import');
    if (found) await this.#resume(page, found);
    else await this.#embed(page, file, reached);
    reached('embed');
    await this.#untilWhole(page);
    this.#checkBought(sentBefore);
    const [collection, ...more] = await readStored(page, { vectors: true });
    if (more.length > 0) this.#report(`${more.length + 1} collections instead of one`);
    for (const fault of faultsOf(collection!, this.total)) this.#report(fault);
    return 'done';
  }

  /** Reads what the last kill has left; rows that were kept before are still there. */
  async #look(page: Page): Promise<StoredCollection | undefined> {
    const [collection] = await readStored(page);
    const rows = collection?.rows ?? [];
    const kept = new Set(rows.filter(({ segments }) => segments > 0).map(({ text }) => text));
    const gone = [...this.#kept].filter((text) => !kept.has(text)).length;
    if (gone > 0) this.#report(`${gone} rows that were kept are not any more`);
    if (rows.length > 0 && rows.length !== this.total)
      this.#report(`${rows.length} rows are half a file`);
    this.#kept = kept;
    return collection;
  }

  async #embed(page: Page, file: string, reached: (phase: Moment['phase']) => void): Promise<void> {
    await page.getByRole('link', { name: 'New collection' }).first().click();
    await page.getByLabel('Data file').setInputFiles(file);
    await page.getByRole('button', { name: 'Embed', exact: true }).click({ timeout: PATIENCE_MS });
    reached('embed');
  }

  async #resume(page: Page, { rows }: StoredCollection): Promise<void> {
    await page.getByRole('link', { name: 'Collections' }).first().click();
    await page
      .getByRole('list', { name: 'Collections' })
      .getByRole('link', { name: 'tickets' })
      .click();
    if (rows.every(({ segments }) => segments > 0)) return;
    await page.getByRole('button', { name: 'Resume' }).click({ timeout: PATIENCE_MS });
  }

  /** Until the page lands in the search of a collection that has nothing unfinished. */
  async #untilWhole(page: Page): Promise<void> {
    const timeout = PATIENCE_MS;
    await expect(page).toHaveURL(/search$/, { timeout });
    await expect(page.getByText(`${this.total.toLocaleString('en-US')} items`).first()).toBeVisible(
      {
        timeout
      }
    );
    await expect(page.getByRole('button', { name: 'Resume' })).toHaveCount(0);
  }

  /** Nothing that was kept when the browser was opened has been asked for since. */
  #checkBought(sentBefore: number): void {
    const sent = this.#standIn.ledger.requests.slice(sentBefore).flatMap(({ inputs }) => inputs);
    const again = sent.filter((text) => this.#kept.has(text)).length;
    if (again > 0) this.#report(`${again} acknowledged texts were bought again`);
    if (new Set(sent).size < sent.length) this.#report('a text was bought twice without a kill');
  }

  #lossSince(sentBefore: number): Loss {
    const requests = this.#standIn.ledger.requests
      .slice(sentBefore)
      .filter(({ inputs }) => inputs[0] !== PROBE)
      .map(({ inputs }) => inputs.filter((text) => !this.#kept.has(text)).length)
      .filter((rows) => rows > 0);
    return { requests: requests.length, rows: requests.reduce((sum, rows) => sum + rows, 0) };
  }

  #judge(loss: Loss): void {
    this.losses.push(loss);
    if (loss.requests > MOST_LOST) this.#report(`a kill lost ${loss.requests} requests`);
  }
}

/**
 * Requests a kill may cost: those in flight (a compatible server gets at most 4) and as many answers
 * as may wait to be kept (4; see `RunWork`).
 */
const MOST_LOST = 8;

/** What the page asks to learn a model's dimensions. */
const PROBE = 'semblance';

/** Tells of every value that the page's progress bar shows. */
async function watchProgress(page: Page, onValue: (value: number) => void): Promise<void> {
  await page.exposeFunction('showsEmbedded', onValue);
  await page.addInitScript(() => {
    let last = 0;
    const look = () => {
      const bar = document.querySelector<HTMLProgressElement>('progress[aria-label="Embedding"]');
      if (bar && bar.value !== last) {
        last = bar.value;
        (globalThis as unknown as { showsEmbedded: (value: number) => void }).showsEmbedded(last);
      }
      requestAnimationFrame(look);
    };
    look();
  });
}

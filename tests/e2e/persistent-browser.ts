import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext } from '@playwright/test';
import { browserLaunchOptions } from '../support/browser.ts';

/**
 * A browser with a profile on disk, as a person has one: what it stored survives being killed.
 * (Playwright's usual contexts keep IndexedDB in memory.)
 */
export class PersistentBrowser {
  readonly #folder: string;
  readonly #baseURL: string;
  #context: BrowserContext | undefined;

  private constructor(folder: string, baseURL: string) {
    this.#folder = folder;
    this.#baseURL = baseURL;
  }

  /** An empty profile in a temporary folder; paths given to pages are relative to `baseURL`. */
  static async create(baseURL: string): Promise<PersistentBrowser> {
    return new PersistentBrowser(await mkdtemp(join(tmpdir(), 'profile-')), baseURL);
  }

  /** Starts the browser on the profile. One at a time: kill or close it before opening it again. */
  async open(): Promise<BrowserContext> {
    this.#context = await chromium.launchPersistentContext(this.#folder, {
      ...browserLaunchOptions(),
      baseURL: this.#baseURL
    });
    return this.#context;
  }

  /** Ends all of the browser's processes at once, without a chance to save anything. */
  async kill(): Promise<void> {
    const context = this.#context;
    if (!context) return;
    this.#context = undefined;
    const closed = new Promise((resolve) => context.on('close', resolve));
    process.kill(-this.#processGroup(), 'SIGKILL');
    await closed;
  }

  /** Kills the browser and removes the profile. */
  async dispose(): Promise<void> {
    await this.kill();
    // Processes of the group may take a moment to be gone, and write until then.
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  /** Playwright starts a browser as the leader of its own process group. */
  #processGroup(): number {
    const processes = execFileSync('ps', ['-Ao', 'pgid=,args='], { encoding: 'utf8' });
    const line = processes.split('\n').find((text) => text.includes(this.#folder));
    if (!line) throw new Error('The browser is not running.');
    return parseInt(line, 10);
  }
}

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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

  /** Where its profile lies. */
  get folder(): string {
    return this.#folder;
  }

  /** Ends the browser as a person does: it saves what it wants to. */
  async close(): Promise<void> {
    await this.#context?.close();
    this.#context = undefined;
  }

  /** Ends all of the browser's processes at once, without a chance to save anything. */
  async kill(): Promise<void> {
    const context = this.#context;
    if (!context) return;
    this.#context = undefined;
    const closed = new Promise((resolve) => context.on('close', resolve));
    const group = this.#processGroup();
    process.kill(-group, 'SIGKILL');
    await closed;
    // A browser that is started while the last one is still dying hands over to it, and hangs.
    while (isRunning(group)) await delay(10);
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

/** Whether any process of a group is left that is not just waiting to be forgotten (a zombie). */
function isRunning(group: number): boolean {
  const { stdout } = spawnSync('ps', ['-Ao', 'pgid=,stat='], { encoding: 'utf8' });
  return new RegExp(`^ *${group} +[^Z]`, 'm').test(stdout);
}

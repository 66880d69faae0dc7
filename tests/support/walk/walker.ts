import type { Page } from '@playwright/test';
import { followLink, pressNext, readPage, rest, writeAll } from './controls.ts';

/** How pages are used. */
export interface WalkOptions {
  /** Written into every field of text. */
  words: string;
  /** Most controls pressed on a page. */
  presses: number;
  /** Hears what the page is like after each step. */
  onLook?: (at: string, html: string) => void;
}

/** What takes away what the journey needs, or leaves the app. */
const SPARE = '^(delete|forget|lock|remove|cancel|clear|try a sample)\\b|^\\W*delete';

/** Opens a page of the app and uses whatever is there: every field, fold, choice and button. */
export async function walkPage(page: Page, address: string, options: WalkOptions): Promise<void> {
  const { words, presses, onLook } = options;
  const look = async (step: string) => {
    await page.evaluate(rest);
    onLook?.(`${address} ${step}`, await page.evaluate(readPage));
  };
  await open(page, address);
  await look('opened');
  await page.evaluate(writeAll, words);
  await look('written');
  const pressed: string[] = [];
  while (pressed.length < presses) {
    if (!isAt(page, address)) await open(page, address);
    const name = await page.evaluate(pressNext, { pressed, spare: SPARE });
    if (name === null) return;
    pressed.push(name);
    await look(`pressed ${name}`);
    // What came up has fields of its own.
    if (name.startsWith('above') || name === 'closed') continue;
    if (await page.evaluate(() => document.querySelector('dialog[open]') !== null)) {
      await page.evaluate(writeAll, words);
      await look(`wrote into ${name}`);
    }
  }
}

/** Goes to a page of the app as a link does: the tab, and what it holds, stay. */
export async function open(page: Page, address: string): Promise<void> {
  await page.evaluate(followLink, address);
  await page.evaluate(rest);
}

function isAt(page: Page, address: string): boolean {
  return new URL(page.url()).hash.split('?')[0] === address;
}

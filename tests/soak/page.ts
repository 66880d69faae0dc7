import type { Page } from '@playwright/test';
import { embedText } from '../support/openai-server/vectors.ts';
import { TEST_KEY } from '../support/openai-server.ts';
import type { StoredCollection } from '../support/stored.ts';

/** A model whose name the stand-in knows; the page takes it for the compatible server's own. */
export const MODEL = 'text-embedding-3-small';

/** Connects the page to a compatible server, by Settings; what is kept already is entered again. */
export async function connect(page: Page, baseUrl: string): Promise<void> {
  await page.goto('/#/settings');
  await page.getByRole('radio', { name: 'OpenAI-compatible' }).check();
  for (const [label, text] of [
    ['Base URL', baseUrl],
    ['Model names', MODEL],
    ['API key', TEST_KEY]
  ] as const) {
    await page.getByLabel(label).fill(text);
    await page.getByLabel(label).press('Tab');
  }
  await page.getByRole('button', { name: 'Forget it' }).isEnabled();
}

/** What is wrong with a collection that should be whole: a sentence each. */
export function faultsOf(collection: StoredCollection, texts: number): string[] {
  const { rows, dimensions } = collection;
  const faults: string[] = [];
  const count = (what: string, isSo: (row: StoredCollection['rows'][number]) => boolean) => {
    const number = rows.filter(isSo).length;
    if (number > 0) faults.push(`${number} rows ${what}`);
  };
  if (rows.length !== texts) faults.push(`${rows.length} rows instead of ${texts}`);
  count('have no vector', ({ segments }) => segments === 0);
  count('are embedded twice', ({ segments }) => segments > 1);
  count('are dead', ({ dead }) => dead);
  count('failed', ({ failure }) => failure !== null);
  count('have a wrong vector', ({ text, vector }) => {
    const expected = embedText(MODEL, text, dimensions);
    return vector !== null && !vector.every((value, i) => Math.abs(value - expected[i]!) < 1e-6);
  });
  return faults;
}

/** What the page shows, for a finding about a page that got stuck. */
export async function describePage(page: Page): Promise<string> {
  const text = await page.locator('main').innerText({ timeout: 2000 });
  return text.replace(/\s+/g, ' ').slice(0, 600);
}

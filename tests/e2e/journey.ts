import type { BrowserContext, Locator, Page } from '@playwright/test';
import type { OpenAIServer } from '../support/openai-server.ts';
import { expect, TEST_KEY } from './support.ts';

/** Steps that several journeys share, by the names people and screen readers know things by. */

/** Sends what the page asks of OpenAI to the stand-in. */
export async function routeOpenAI(context: BrowserContext, standIn: OpenAIServer): Promise<void> {
  await context.route('https://api.openai.com/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    try {
      await route.fulfill({ response: await route.fetch({ url: standIn.url + pathname }) });
    } catch {
      // The stand-in broke the connection, or the browser was killed: so does the route.
      await route.abort().catch(() => {});
    }
  });
}

/**
 * Lets some requests for embeddings through and holds the others until it is opened: time to look
 * at a run in its middle. Made before or after other routes of the context; holds beside them.
 */
export class Gate {
  /** Requests it has held so far. */
  held = 0;
  #passes: number;
  readonly #opening = Promise.withResolvers<'open' | 'drop'>();

  private constructor(passes: number) {
    this.#passes = passes;
  }

  static async hold(context: BrowserContext, { after }: { after: number }): Promise<Gate> {
    const gate = new Gate(after);
    await context.route('**/v1/embeddings', async (route) => {
      if (route.request().method() !== 'POST' || gate.#passes-- > 0) return route.fallback();
      gate.held++;
      const verdict = await gate.#opening.promise;
      return verdict === 'open' ? route.fallback() : route.abort().catch(() => {});
    });
    return gate;
  }

  /** Lets what is held go, and whatever comes. */
  open(): void {
    this.#passes = Infinity;
    this.#opening.resolve('open');
  }

  /** Breaks the connections of what is held; whatever comes goes through. */
  drop(): void {
    this.#passes = Infinity;
    this.#opening.resolve('drop');
  }
}

/** Sets up the stand-in in Settings as an OpenAI-compatible server with one model. */
export async function useServer(
  page: Page,
  { baseUrl }: Pick<OpenAIServer, 'baseUrl'>,
  { model = 'tiny-embed', key = TEST_KEY }: { model?: string; key?: string } = {}
): Promise<void> {
  await page.goto('/#/settings');
  await page.getByRole('radio', { name: 'OpenAI-compatible' }).check();
  await page.getByRole('textbox', { name: 'Base URL' }).fill(baseUrl);
  await page.getByRole('textbox', { name: 'API key' }).fill(key);
  await page.getByRole('textbox', { name: 'Model names' }).fill(model);
  await page.getByRole('textbox', { name: 'Model names' }).press('Tab');
}

/** Presses Embed. */
export async function pressEmbed(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Embed', exact: true }).click();
}

/** Presses Embed and waits until all is embedded: the page lands in the collection's search. */
export async function embed(page: Page): Promise<void> {
  await pressEmbed(page);
  await expect(page).toHaveURL(/#\/c\/[0-9a-f]{16}\/search$/);
  await expect(page.getByText(/Unfinished/)).toHaveCount(0);
}

/** The Estimate. */
export function estimate(page: Page): Locator {
  return page.getByRole('status', { name: 'Estimate' });
}

/** The entries of the list of collections, by name or all; goes to the home page. */
export async function listed(page: Page, name?: string): Promise<Locator> {
  await page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('link', { name: 'Collections' })
    .click();
  const entries = page.getByRole('list', { name: 'Collections' }).getByRole('listitem');
  return name === undefined
    ? entries
    : entries.filter({ has: page.getByRole('link', { name, exact: true }) });
}

/** Enters an OpenAI key in Settings. */
export async function enterKey(page: Page, key = TEST_KEY): Promise<void> {
  await page.goto('/#/settings');
  await page.getByRole('radio', { name: 'OpenAI', exact: true }).check();
  await page.getByLabel('API key').fill(key);
  await page.getByLabel('API key').press('Tab');
}

/** Opens New collection by its link and chooses a file there. */
export async function openFile(page: Page, name: string, content: string): Promise<void> {
  await page.getByRole('link', { name: 'New collection' }).first().click();
  // The page before may have a file input of the same name.
  await expect(page.getByRole('heading', { level: 1, name: 'New collection' })).toBeVisible();
  await page
    .getByLabel('Data file')
    .setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(content) });
}

/** Asks a question and waits for its answer. */
export async function search(page: Page, question: string): Promise<Found[]> {
  await page.getByRole('searchbox', { name: 'Search' }).fill(question);
  await page.getByRole('searchbox', { name: 'Search' }).press('Enter');
  return readResults(page);
}

/** A result as the page shows it. */
export interface Found {
  title: string;
  similarity: string;
}

/** The results on the page, once they are there. */
export async function readResults(page: Page): Promise<Found[]> {
  await expect(results(page)).toHaveAttribute('aria-busy', 'false');
  const entries = results(page)
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading') });
  await expect(entries.first()).toBeVisible();
  return entries.evaluateAll((elements) =>
    elements.map((element) => ({
      title: element.querySelector('h2, h3, h4')?.textContent?.trim() ?? '',
      similarity: /[−-]?[01]\.\d{3}/.exec(element.textContent ?? '')?.[0] ?? ''
    }))
  );
}

/** The list of results. */
export function results(page: Page): Locator {
  return page.getByRole('list', { name: 'Results', exact: true });
}

/** Waits until the collection's graph is there, and returns how the page tells it. */
export async function graphReady(page: Page): Promise<string> {
  const line = page.getByText(/^Graph ready/);
  await expect(line).toBeVisible();
  return (await line.textContent())!;
}

/** A small CSV of films, with awkward cells. */
export function filmsCsv(count: number): string {
  const kinds = ['drama', 'comedy', 'documentary', 'thriller', 'western'];
  const places = ['harbour', 'mountain village', 'space station', 'school', 'hospital', 'desert'];
  const lines = ['show_id,title,type,description,listed_in'];
  for (let n = 1; n <= count; n++) {
    const kind = kinds[n % kinds.length]!;
    const place = places[n % places.length]!;
    const text = `"A ${kind}, number ${n}, set in a ${place}.\nPeople say ""remarkable""."`;
    lines.push(`s${n},Film ${n},${kind},${text},"${kind}, ${place}"`);
  }
  return lines.join('\n') + '\n';
}

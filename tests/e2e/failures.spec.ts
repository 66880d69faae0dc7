import type { BrowserContext, Page } from '@playwright/test';
import { embed, enterKey, filmsCsv, openFile, pressEmbed, routeOpenAI, search } from './journey.ts';
import { expect, test } from './support.ts';

const ITEMS = 30;
const alert = (page: Page) => page.getByRole('alert');
const unfinished = (page: Page) => page.getByText(`Unfinished: 0 of ${ITEMS} embedded`);

test('a model without a key says what is missing and where to give it', async ({ page }) => {
  await page.goto('/');
  await openFile(page, 'films.csv', filmsCsv(ITEMS));
  const embedButton = page.getByRole('button', { name: 'Embed', exact: true });
  await expect(embedButton).toBeEnabled();
  await page
    .getByRole('combobox', { name: 'Embedding model' })
    .selectOption('text-embedding-3-small');
  await expect(embedButton).toBeDisabled();
  await expect(page.getByText(/needs an OpenAI API key/).first()).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: 'Settings' }).click();
  await expect(page).toHaveURL(/#\/settings$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
});

test('a wrong key stops the run with what to do; with the right one it resumes', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await enterKey(page, 'sk-wrong-and-secret');
  await openFile(page, 'films.csv', filmsCsv(ITEMS));
  await pressEmbed(page);
  await expect(alert(page)).toContainText('did not accept the API key');
  await expect(unfinished(page)).toBeVisible();
  await expect(page).toHaveURL(/search$/);
  expect(await page.content()).not.toContain('sk-wrong-and-secret');

  await alert(page).getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('textbox', { name: 'API key' }).fill('sk-test-semblance');
  await page.goBack();
  await resume(page);
  expect(new Set(standIn.ledger.texts()).size).toBe(ITEMS);
});

test('an account without credit stops the run with what to do; with credit it resumes', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  standIn.faults.every(1, { kind: 'quota' });
  await enterKey(page);
  await openFile(page, 'films.csv', filmsCsv(ITEMS));
  await pressEmbed(page);
  await expect(alert(page)).toContainText('no credit left');
  await expect(alert(page)).toContainText('billing');
  await expect(unfinished(page)).toBeVisible();
  expect(standIn.ledger.requests).toHaveLength(1);

  standIn.faults.clear();
  await resume(page);
});

test('an endpoint that can’t be reached stops the run with what to do; when it is there it resumes', async ({
  page,
  context,
  standIn
}) => {
  test.slow();
  await context.route('https://api.openai.com/**', (route) => route.abort());
  await enterKey(page);
  await openFile(page, 'films.csv', filmsCsv(ITEMS));
  await pressEmbed(page);
  await expect(alert(page)).toContainText("can't be reached", {
    timeout: 90_000
  });
  await expect(alert(page)).toContainText('Check your connection');
  await expect(unfinished(page)).toBeVisible();

  await routeOpenAI(context, standIn);
  await resume(page);
});

test('a text the endpoint refuses is listed with the reason, the others are embedded, and it can be retried', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  const mend = await refuse(context, 'number 7,');
  await enterKey(page);
  await openFile(page, 'films.csv', filmsCsv(ITEMS));
  await page.getByRole('combobox', { name: 'Heading' }).selectOption('title');
  await pressEmbed(page);
  await expect(page).toHaveURL(/search$/);
  await expect(page.getByText(`${ITEMS - 1} items embedded.`)).toBeVisible();
  const failed = page.getByRole('list', { name: 'Failed rows' }).getByRole('listitem');
  await expect(failed).toHaveCount(1);
  await expect(failed).toContainText('This text is not welcome.');
  // What is embedded can be searched meanwhile.
  expect((await search(page, 'a comedy set in a desert')).length).toBeGreaterThan(0);

  mend();
  await page.getByRole('button', { name: 'Retry these' }).click();
  await expect(failed).toHaveCount(0);
  await expect(page.getByText(`${ITEMS} items`, { exact: false }).first()).toBeVisible();
});

for (const kind of ['nan', 'wrong-count', 'not-json', 'truncated', 'duplicate-index'] as const) {
  test(`an answer that is malformed (${kind}) is asked for again`, async ({
    page,
    context,
    standIn
  }) => {
    await routeOpenAI(context, standIn);
    standIn.faults.next({ kind });
    await enterKey(page);
    await openFile(page, 'films.csv', filmsCsv(ITEMS));
    await embed(page);
    await expect(page.getByText(`${ITEMS} items`, { exact: false }).first()).toBeVisible();
    expect(standIn.ledger.requests).toHaveLength(2);
  });
}

test('a pause of several seconds that the endpoint asks for is counted down', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  standIn.faults.next({ kind: 'rate-limit', retryAfter: 'seconds', ms: 4000 });
  await enterKey(page);
  await openFile(page, 'films.csv', filmsCsv(ITEMS));
  const timers = await shownTimers(page);
  await pressEmbed(page);
  await expect(page).toHaveURL(/search$/);
  await expect(page.getByText(/Unfinished/)).toHaveCount(0);
  const seconds = (await timers()).map((text) => Number(/going on in (\d) s/.exec(text)![1]));
  expect(seconds.length).toBeGreaterThanOrEqual(3);
  expect(seconds).toEqual(seconds.toSorted((a, b) => b - a));
});

/** Watches the page, and returns a function that tells the texts its timer has shown so far. */
async function shownTimers(page: Page): Promise<() => Promise<string[]>> {
  const texts = await page.evaluateHandle(() => {
    const shown: string[] = [];
    new MutationObserver(() => {
      const text = document.querySelector('[role=timer]')?.textContent;
      if (text && shown.at(-1) !== text) shown.push(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
    return shown;
  });
  return () => texts.jsonValue();
}

/** Presses Resume, and sees the run to its end. */
async function resume(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByText(/Unfinished/)).toHaveCount(0);
  await expect(page.getByText(new RegExp(`^${ITEMS} items`))).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
}

/** Has the endpoint refuse every request with a text that contains the marker, until it is mended. */
async function refuse(context: BrowserContext, marker: string): Promise<() => void> {
  let broken = true;
  await context.route('**/v1/embeddings', async (route) => {
    if (!broken || !route.request().postData()?.includes(marker)) return route.fallback();
    return route.fulfill({
      status: 400,
      headers: { 'access-control-allow-origin': '*' },
      json: {
        error: {
          message: 'This text is not welcome.',
          type: 'invalid_request_error',
          param: 'input',
          code: null
        }
      }
    });
  });
  return () => (broken = false);
}

import type { Page } from '@playwright/test';
import { enterKey, Gate, routeOpenAI, useServer } from './journey.ts';
import { expect, test, TEST_KEY } from './support.ts';

/** Goes to Inspect by its link. */
async function open(page: Page): Promise<void> {
  await page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('link', { name: 'Inspect' })
    .click();
  await expect(page.getByRole('heading', { level: 1, name: 'Inspect' })).toBeVisible();
}

const text = (page: Page) => page.getByRole('textbox', { name: 'Text' });
const create = (page: Page) => page.getByRole('button', { name: 'Create embedding' });
const response = (page: Page) => page.getByRole('region', { name: 'Response' });
const similarity = (page: Page) => page.getByRole('table', { name: 'Similarity' });

test('with no key at all the built-in embedder is seen from inside, at once', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto('/#/');
  await open(page);
  await create(page).click();
  await expect(response(page).getByText('384 numbers')).toBeVisible();
  await expect(response(page).getByText('Free', { exact: true })).toBeVisible();
  await expect(similarity(page).getByRole('row')).toHaveCount(4);
  await expect(similarity(page).getByRole('cell').first()).toHaveText('1.000');
  const here = new URL(page.url()).origin;
  expect(asked.filter((url) => /^https?:/.test(url) && !url.startsWith(here))).toEqual([]);
});

test('the response is a dictionary one can fold, unfold and copy', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('/#/inspect');
  await text(page).fill('One text.');
  await create(page).click();
  const vector = response(page).getByText('"embedding":');
  await expect(vector).toBeVisible();
  await expect(page.getByText('Write two lines or more to compare them.')).toBeVisible();
  await response(page).getByText('384 numbers').click();
  await response(page).getByText('1 entry').click();
  await expect(vector).toBeHidden();
  await response(page).getByRole('button', { name: 'Copy the response' }).click();
  await expect(response(page).getByText('Copied.')).toBeVisible();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  expect(copied).toMatchObject({ object: 'list', model: 'built-in', usage: { total_tokens: 0 } });
  expect(copied.data[0].embedding).toHaveLength(384);
});

test('a model’s dimensions are asked for, and others are seen on the slider', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await enterKey(page);
  await open(page);
  await page.getByRole('combobox', { name: 'Dimensions' }).selectOption('512');
  await text(page).fill('A glacier wakes.\nA baker dreams.\nThe ice moves.');
  await create(page).click();
  await expect(response(page).getByText('512 numbers')).toBeVisible();
  const [request] = standIn.ledger.requests;
  expect(request).toMatchObject({ dimensions: 512, encoding: 'float', status: 200 });
  const before = await similarity(page).innerText();
  const slider = page.getByRole('slider', { name: 'Dimensions kept' });
  await slider.press('End');
  await expect(slider).toHaveAttribute('aria-valuetext', '64');
  await expect(page.getByText(/^Similarities differ by 0\.\d{3} on average/)).toBeVisible();
  expect(await similarity(page).innerText()).not.toBe(before);
  const cell = similarity(page).getByRole('cell').nth(1);
  const cosine = Number((await cell.innerText()).replace('−', '-'));
  await page.getByRole('radio', { name: 'Distance' }).check();
  expect(Number(await cell.innerText())).toBeCloseTo(1 - cosine, 2);
});

test('the request is there as code, with the placeholder and never the key', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await enterKey(page);
  await open(page);
  await text(page).fill('It’s "quoted".');
  await page.getByText('The same request in code').click();
  for (const language of ['Python', 'TypeScript', 'curl']) {
    await page.getByText(language, { exact: true }).click();
    const code = page.getByLabel(`${language} code`, { exact: true });
    await expect(code).toContainText('<OPENAI_API_TOKEN>');
    await expect(code).toContainText('text-embedding-3-small');
  }
  await create(page).click();
  await expect(response(page).getByText('1,536 numbers')).toBeVisible();
  expect(await page.content()).not.toContain(TEST_KEY);
});

test('an error is shown as the API gives it, without the key, and the next try can succeed', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await enterKey(page, 'sk-wrong-key-000000000000');
  await open(page);
  await create(page).click();
  await expect(response(page).getByText('HTTP 401 · AuthenticationError')).toBeVisible();
  await expect(response(page).getByText('"invalid_api_key"')).toBeVisible();
  await expect(response(page).getByRole('link', { name: 'Settings' })).toBeVisible();
  expect(await page.content()).not.toContain('sk-wrong-key-000000000000');

  await enterKey(page);
  await open(page);
  standIn.faults.next({ kind: 'server', status: 503 });
  await create(page).click();
  await expect(response(page).getByText('HTTP 503 · InternalServerError')).toBeVisible();
  await create(page).click();
  await expect(response(page).getByText('"list"')).toBeVisible();
});

test('a request can be called off, and a pause as well', async ({ page, context, standIn }) => {
  await routeOpenAI(context, standIn);
  const gate = await Gate.hold(context, { after: 0 });
  await enterKey(page);
  await open(page);
  await create(page).click();
  await expect.poll(() => gate.held).toBe(1);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(response(page).getByText('Nothing yet')).toBeVisible();
  gate.drop();
  standIn.faults.next({ kind: 'rate-limit', ms: 600_000, retryAfter: 'seconds' });
  await create(page).click();
  await expect(response(page).getByText(/going on in 10 min|going on in 9 min/)).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(response(page).getByText('Nothing yet')).toBeVisible();
});

test('a server of one’s own answers, whatever its model is called', async ({ page, standIn }) => {
  await useServer(page, standIn);
  await open(page);
  await expect(page.getByRole('combobox', { name: 'Embedding model' })).toHaveValue('tiny-embed');
  await create(page).click();
  await expect(response(page).getByText('64 numbers')).toBeVisible();
  await expect(response(page).getByText('Set by your server')).toBeVisible();
});

test('what is missing is told before anything is sent, and texts stay through a reload', async ({
  page
}) => {
  await page.goto('/#/inspect');
  await page.getByRole('combobox', { name: 'Provider' }).selectOption('OpenAI');
  await expect(page.getByText(/needs an OpenAI API key/)).toBeVisible();
  await page.getByRole('combobox', { name: 'Provider' }).selectOption('Built-in');
  await text(page).fill(' \n\n');
  await expect(page.getByText('Write a text first.')).toBeVisible();
  await text(page).fill(Array.from({ length: 31 }, (_, n) => `Text ${n}`).join('\n'));
  await expect(page.getByText(/at most 30 texts/)).toBeVisible();
  await page.reload();
  await expect(text(page)).toHaveValue(/^Text 0\n[^]*Text 30$/);
  await text(page).fill(Array.from({ length: 30 }, (_, n) => `Text ${n}`).join('\n'));
  await text(page).press('Control+Enter');
  await expect(similarity(page).getByRole('row')).toHaveCount(31);
});

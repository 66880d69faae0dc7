import { startOpenAIServer } from '../support/openai-server.ts';
import {
  embed,
  estimate,
  filmsCsv,
  openFile,
  pressEmbed,
  readResults,
  search,
  useServer
} from './journey.ts';
import { expect, test } from './support.ts';

test('a server of one’s own embeds with a model of any name, and needs no key when it asks for none', async ({
  page
}) => {
  const server = await startOpenAIServer({
    keys: null,
    models: { 'home-made': { dimensions: 48, shortens: false } }
  });
  try {
    await useServer(page, server, { model: 'home-made', key: '' });
    await page.getByRole('button', { name: 'Test connection' }).click();
    await expect(page.getByText(/^home-made answers: 48 dimensions in /)).toBeVisible();
    expect(server.ledger.requests[0]!.headers['authorization'] ?? '').not.toContain('sk-');

    await openFile(page, 'films.csv', filmsCsv(100));
    const model = page.getByRole('combobox', { name: 'Embedding model' });
    await expect(model.locator('option:checked')).toHaveText('home-made');
    await expect(
      page.getByRole('combobox', { name: 'Dimensions' }).locator('option:checked')
    ).toHaveText('Set by the server');
    await expect(estimate(page)).toContainText('price set by your server');
    await embed(page);
    await expect(page.getByText('100 items · home-made · 48 dimensions')).toBeVisible();

    const before = await search(page, 'a comedy set in a desert');
    await page.reload();
    expect(await readResults(page)).toEqual(before);
    // Without a key a reload loses nothing: what was never asked is asked now.
    expect((await search(page, 'a western in a hospital')).length).toBeGreaterThan(0);
    expect(server.ledger.countOf('a western in a hospital')).toBe(1);
  } finally {
    await server.close();
  }
});

test('a key that a server asks for is entered again after a reload', async ({ page, standIn }) => {
  await useServer(page, standIn);
  await openFile(page, 'films.csv', filmsCsv(100));
  await embed(page);
  await page.reload();
  await page.getByRole('searchbox', { name: 'Search' }).fill('a western in a hospital');
  await page.getByRole('searchbox', { name: 'Search' }).press('Enter');
  await expect(page.getByRole('alert')).toContainText('Check the API key in Settings');
  await page.getByRole('alert').getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByRole('radio', { name: 'OpenAI-compatible' })).toBeChecked();
  await page.getByRole('textbox', { name: 'API key' }).fill('sk-test-semblance');
  await page.goBack();
  expect((await search(page, 'a western in a hospital')).length).toBeGreaterThan(0);
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('an address that is none, or where nothing answers, is told before anything is kept', async ({
  page,
  standIn
}) => {
  await useServer(page, { baseUrl: 'my server' });
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.getByText('This is not the base URL of a server.')).toBeVisible();

  await useServer(page, { baseUrl: standIn.url });
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.getByText(/Check the base URL: there is nothing at/)).toBeVisible();

  // A model the server does not have: nothing is staged, and the draft is still there.
  await useServer(page, standIn, { model: 'unknown-model' });
  await openFile(page, 'films.csv', filmsCsv(20));
  await pressEmbed(page);
  await expect(page.getByRole('alert')).toContainText('does not offer this model');
  await expect(page.getByRole('button', { name: 'Embed', exact: true })).toBeEnabled();
  await page.getByRole('combobox', { name: 'Embedding model' }).selectOption('Built-in');
  await expect(page.getByRole('alert')).toHaveCount(0);
  await embed(page);
});

test('an address that can’t be one does not keep Built-in from working', async ({ page }) => {
  await useServer(page, { baseUrl: 'my server' });
  await page.getByRole('link', { name: 'Collections' }).first().click();
  await page.getByRole('button', { name: 'Try a sample' }).click();
  expect((await search(page, 'headphones')).length).toBeGreaterThan(0);
});

import type { Page } from '@playwright/test';
import type { OpenAIServer } from '../support/openai-server.ts';
import { embed, estimate, listed, routeOpenAI, search } from './journey.ts';
import { expect, test, TEST_KEY } from './support.ts';

test('a sample is embedded again with a model that is paid for: the price first, and a new collection beside the old', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await trySample(page);
  await giveKey(page);
  await embedAgain(page, 'text-embedding-3-small');
  await expect(page.getByRole('heading', { level: 1, name: 'Embed Products again' })).toBeVisible();
  await expect(estimate(page)).toContainText(/^\d+ items · [\d,]+ tokens · < \$0\.0001$/);
  expect(standIn.ledger.requests).toHaveLength(0);
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Products by meaning');
  await embed(page);

  await expect(page.getByText(/ items · text-embedding-3-small · 1536 dimensions$/)).toBeVisible();
  const texts = standIn.ledger.texts();
  expect(new Set(texts).size).toBe(texts.length);
  expect((await search(page, 'music without a cable')).length).toBeGreaterThan(0);
  await expect(await listed(page)).toHaveCount(2);
  await expect(await listed(page, 'Products')).toContainText('Built-in');
  await expect(await listed(page, 'Products by meaning')).toContainText('text-embedding-3-small');
});

test('vectors that are there are shortened for free; another text or model is bought', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await trySample(page);
  await giveKey(page);
  await embedAgain(page, 'text-embedding-3-small');
  await embed(page);
  const items = standIn.ledger.texts().length;
  standIn.ledger.clear();

  await embedAgain(page, 'text-embedding-3-small');
  await expect(estimate(page)).toContainText(/· free$/);
  await page.getByRole('combobox', { name: 'Dimensions' }).selectOption('512');
  await expect(estimate(page)).toContainText(/· free$/);
  await embed(page);
  await expect(page.getByText(/ items · text-embedding-3-small · 512 dimensions$/)).toBeVisible();
  expect(standIn.ledger.requests).toHaveLength(0);
  expect((await search(page, 'music without a cable')).length).toBeGreaterThan(0);
  expect(asked(standIn)).toEqual([{ model: 'text-embedding-3-small', dimensions: 512 }]);
  standIn.ledger.clear();

  await embedAgain(page, 'text-embedding-3-small');
  await page.getByRole('textbox', { name: 'Text template' }).fill('{title}');
  await expect(estimate(page)).toContainText(/\$0\.000\d$/);
  await embed(page);
  expect(standIn.ledger.texts()).toHaveLength(items);
  standIn.ledger.clear();

  await embedAgain(page, 'text-embedding-ada-002');
  await expect(page.getByRole('combobox', { name: 'Dimensions' })).toBeDisabled();
  await expect(estimate(page)).toContainText(/\$0\.000\d$/);
  await embed(page);
  expect(standIn.ledger.texts()).toHaveLength(items);
  expect(asked(standIn)[0]).toEqual({ model: 'text-embedding-ada-002', dimensions: 1536 });
});

test('what was added meanwhile is in a draft to embed again', async ({ page }) => {
  await trySample(page);
  const again = page.getByRole('link', { name: 'Embed again', exact: true });
  await again.click();
  await expect(estimate(page)).toContainText(/\d+ items/);
  const before = Number(/\d+/.exec((await estimate(page).textContent())!)![0]);
  await page.goBack();
  await page.getByRole('link', { name: 'Add a file' }).click();
  await page.getByLabel('Data file').setInputFiles({
    name: 'one.json',
    mimeType: 'application/json',
    buffer: Buffer.from(
      '[{"id":"new-1","title":"A kite","short_description":"Flies","price":1,"category":"toys","features":["red"]}]'
    )
  });
  await expect(estimate(page)).toContainText(/^1 item /);
  await embed(page);
  await again.click();
  await expect(estimate(page)).toContainText(`${before + 1} items`);
});

async function trySample(page: Page): Promise<void> {
  await page.goto('/');
  await page.getByRole('button', { name: 'Try a sample' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Products' })).toBeVisible();
}

/** Enters the key and comes back, without a reload: it would forget the key. */
async function giveKey(page: Page): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('radio', { name: 'OpenAI', exact: true }).check();
  await page.getByRole('textbox', { name: 'API key' }).fill(TEST_KEY);
  await page.goBack();
}

async function embedAgain(page: Page, model: string): Promise<void> {
  await page.getByRole('link', { name: 'Embed again', exact: true }).click();
  await page.getByRole('combobox', { name: 'Embedding model' }).selectOption(model);
}

function asked({ ledger }: OpenAIServer): { model: string | null; dimensions: number | null }[] {
  return ledger.requests.map(({ model, dimensions }) => ({ model, dimensions }));
}

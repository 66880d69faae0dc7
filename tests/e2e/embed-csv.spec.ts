import { enterKey, filmsCsv, openFile, readResults, routeOpenAI, search } from './journey.ts';
import { expect, test } from './support.ts';

test('a CSV is embedded through rate limits, searched, and answers the same after a reload', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await enterKey(page);
  await openFile(page, 'films.csv', filmsCsv(300));

  await page
    .getByRole('textbox', { name: 'Text template' })
    .fill('Title: {title} ({type})\nDescription: {description}\nCategories: {listed_in}');
  await expect(page.getByRole('region', { name: 'Preview' })).toContainText(
    'Title: Film 1 (comedy)\nDescription: A comedy, number 1, set in a mountain village.',
    { useInnerText: true }
  );
  await expect(page.getByRole('combobox', { name: 'Embedding model' })).toHaveValue(
    'text-embedding-3-small'
  );
  await expect(page.getByRole('combobox', { name: 'Item id' })).toHaveValue('show_id');
  const estimate = page.getByRole('status', { name: 'Estimate' });
  await expect(estimate).toContainText(/300 items/);
  await expect(estimate).toContainText(/[\d,]+ tokens/);
  await expect(estimate).toContainText(/\$0\.000\d/);
  expect(standIn.ledger.requests).toHaveLength(0);

  standIn.faults.next({ kind: 'rate-limit', retryAfter: 'seconds', ms: 1000 });
  await page.getByRole('button', { name: 'Embed', exact: true }).click();
  await expect(page.getByText(/endpoint asked for a pause/i).first()).toBeVisible();
  await expect(page).toHaveURL(/#\/c\/[0-9a-f]{16}\/search$/);

  const bought = standIn.ledger.texts();
  expect(new Set(bought).size).toBe(300);
  expect(bought).toHaveLength(300);

  const before = await search(page, 'a comedy set in a desert');
  expect(before[0]!.similarity).toMatch(/^0\.\d{3}$/);
  await page.reload();
  // The key went with the page; the question's vector is kept.
  expect(await readResults(page)).toEqual(before);
  expect(standIn.ledger.countOf('a comedy set in a desert')).toBe(1);
});

test('cancel keeps what is embedded, and resume buys only the rest', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  standIn.faults.when(() => true, { kind: 'latency', ms: 300 });
  await enterKey(page);
  await openFile(page, 'films.csv', filmsCsv(9000));
  await page.getByRole('button', { name: 'Embed', exact: true }).click();
  const progress = page.getByRole('progressbar', { name: 'Embedding' });
  await expect.poll(async () => Number(await progress.getAttribute('value'))).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page).toHaveURL(/search$/);
  await expect(page.getByText(/Unfinished: [\d,]+ of 9,000 embedded/)).toBeVisible();

  standIn.faults.clear();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByText(/^9,000 items/)).toBeVisible();
  await expect(page.getByText(/Unfinished/)).toHaveCount(0);
  expect(new Set(standIn.ledger.texts()).size).toBe(9000);
});

test('a paused run sends nothing more until it is resumed', async ({ page, context, standIn }) => {
  await routeOpenAI(context, standIn);
  standIn.faults.when(() => true, { kind: 'latency', ms: 200 });
  await enterKey(page);
  await openFile(page, 'films.csv', filmsCsv(12_000));
  await page.getByRole('button', { name: 'Embed', exact: true }).click();
  const progress = page.getByRole('progressbar', { name: 'Embedding' });
  await expect.poll(async () => Number(await progress.getAttribute('value'))).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByText(/Paused/)).toBeVisible();
  // What was on its way when the reader paused is answered and kept.
  await expect(page.getByText('0 of', { exact: false }).first()).toBeVisible();
  const sent = standIn.ledger.requests.length;
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page).toHaveURL(/search$/);
  expect(sent).toBeLessThan(standIn.ledger.requests.length);
  expect(standIn.ledger.texts()).toHaveLength(12_000);
});

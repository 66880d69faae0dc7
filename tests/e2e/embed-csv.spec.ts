import {
  enterKey,
  filmsCsv,
  Gate,
  listed,
  openFile,
  pressEmbed,
  readResults,
  routeOpenAI,
  search,
  useServer
} from './journey.ts';
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
  const gate = await Gate.hold(context, { after: 3 });
  await useServer(page, standIn);
  await openFile(page, 'films.csv', filmsCsv(640));
  // One request finds the dimensions out, the next two buy 64 texts each.
  await pressEmbed(page);
  await expect(page.getByRole('progressbar', { name: 'Embedding' })).toHaveJSProperty('value', 128);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page).toHaveURL(/search$/);
  await expect(page.getByText('Unfinished: 128 of 640 embedded')).toBeVisible();
  await expect(await listed(page, 'films')).toContainText('unfinished');

  gate.drop();
  await page.goBack();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByText(/^640 items/)).toBeVisible();
  await expect(page.getByText(/Unfinished/)).toHaveCount(0);
  const texts = standIn.ledger.texts().filter((text) => text !== 'semblance');
  expect(texts).toHaveLength(640);
  expect(new Set(texts).size).toBe(640);
});

test('a paused run keeps what was on its way, and sends nothing more until it is resumed', async ({
  page,
  context,
  standIn
}) => {
  const gate = await Gate.hold(context, { after: 3 });
  await useServer(page, standIn);
  await openFile(page, 'films.csv', filmsCsv(640));
  await pressEmbed(page);
  const progress = page.getByRole('progressbar', { name: 'Embedding' });
  await expect(progress).toHaveJSProperty('value', 128);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByText(/Paused/)).toBeVisible();

  // Some requests are on their way; a run that goes on would send another for each that is answered.
  const { held } = gate;
  gate.open();
  await expect(progress).toHaveJSProperty('value', 128 + 64 * held);
  expect(held).toBeLessThan(8);
  expect(standIn.ledger.requests).toHaveLength(3 + held);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page).toHaveURL(/search$/);
  expect(standIn.ledger.requests).toHaveLength(11);
});

test('a reader who leaves while a run goes on is not called back, and finds it done', async ({
  page,
  context,
  standIn
}) => {
  const gate = await Gate.hold(context, { after: 2 });
  await useServer(page, standIn);
  await openFile(page, 'films.csv', filmsCsv(200));
  await pressEmbed(page);
  await expect(page.getByRole('progressbar', { name: 'Embedding' })).toHaveJSProperty('value', 64);
  const entry = await listed(page, 'films');
  await expect(entry).toContainText('64 of 200 embedded');
  await expect(entry).toContainText('embedding now');
  gate.open();
  await expect(entry).toContainText('200 items');
  await expect(page).toHaveURL(/#\/$/);

  await page.getByRole('link', { name: 'New collection' }).first().click();
  await expect(page.getByLabel('Data file')).toBeVisible();
  await expect(page.getByRole('progressbar')).toHaveCount(0);
});

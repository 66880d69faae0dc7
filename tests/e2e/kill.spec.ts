import { embed, filmsCsv, openFile, search, useServer } from './journey.ts';
import { expect, test } from './support.ts';

test('a browser killed while embedding goes on where it was, and buys no acknowledged text twice', async ({
  persistent,
  standIn
}) => {
  test.slow();
  const total = 4000;
  // The first request only asks for the dimensions.
  const bought = () => standIn.ledger.texts().filter((text) => text !== 'semblance');
  let context = await persistent.open();
  standIn.faults.when(() => true, { kind: 'latency', ms: 100 });
  let page = context.pages()[0]!;
  await useServer(page, standIn);
  await openFile(page, 'films.csv', filmsCsv(total));
  await page.getByRole('button', { name: 'Embed', exact: true }).click();
  // Several acknowledged batches: what the page counts as embedded is in the store.
  await expect
    .poll(async () =>
      Number(await page.getByRole('progressbar', { name: 'Embedding' }).getAttribute('value'))
    )
    .toBeGreaterThan(256);
  const acknowledged = Number(
    await page.getByRole('progressbar', { name: 'Embedding' }).getAttribute('value')
  );
  await persistent.kill();
  const sentBefore = bought().length;

  context = await persistent.open();
  page = context.pages()[0]!;
  await useServer(page, standIn);
  await page.getByRole('link', { name: 'Collections' }).first().click();
  await page
    .getByRole('list', { name: 'Collections' })
    .getByRole('link', { name: 'films' })
    .click();
  await expect(page.getByText(/Unfinished: [\d,]+ of 4,000 embedded/)).toBeVisible();
  standIn.faults.clear();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByText(/^4,000 items/)).toBeVisible();
  await expect(page.getByText(/Unfinished/)).toHaveCount(0);

  const texts = bought();
  expect(new Set(texts).size).toBe(total);
  const twice = texts.length - total;
  console.log(
    `acknowledged ${acknowledged}, sent before the kill ${sentBefore}, bought twice ${twice}`
  );
  expect(sentBefore - twice).toBeGreaterThanOrEqual(acknowledged);
  expect((await search(page, 'thriller in a school')).length).toBeGreaterThan(0);
});

test('edits that were told survive a kill of the browser, wherever it comes in the next one', async ({
  persistent
}) => {
  test.slow();
  let page = (await persistent.open()).pages()[0]!;
  await page.goto('/');
  await openFile(page, 'films.csv', filmsCsv(50));
  await page.getByRole('combobox', { name: 'Item id' }).selectOption('show_id');
  await embed(page);
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  await page.getByRole('button', { name: 'Delete Film 1', exact: true }).click();
  await expect(page.getByText('Deleted “Film 1”.')).toBeVisible();
  await page.getByRole('button', { name: 'Edit Film 2', exact: true }).click();
  await page.getByRole('dialog').getByLabel('type', { exact: true }).fill('operetta');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Changed “Film 2”.')).toBeVisible();
  await page.getByRole('button', { name: 'Delete Film 3', exact: true }).click();
  await persistent.kill();

  page = (await persistent.open()).pages()[0]!;
  await page.goto('/');
  await page
    .getByRole('list', { name: 'Collections' })
    .getByRole('link', { name: 'films' })
    .click();
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  // Film 3 is there or not, and everything agrees on it.
  const shown = page.getByRole('status', { name: 'Items shown' });
  await expect(shown).toHaveText(/^4[89] items$/);
  const left = parseInt((await shown.textContent())!);
  await expect(page.getByText(`${left} items · Built-in`)).toBeVisible();
  const grid = page.getByRole('grid', { name: 'Items' });
  await expect(grid.getByRole('link', { name: 'Film 1', exact: true })).toHaveCount(0);
  await expect(grid.getByRole('link', { name: 'Film 3', exact: true })).toHaveCount(left - 48);
  await expect(grid.getByText('operetta')).toBeVisible();
  await page.getByRole('link', { name: 'Search', exact: true }).click();
  const found = (await search(page, 'Film 1')).map(({ title }) => title);
  expect(found).toHaveLength(20);
  expect(found).not.toContain('Film 1');
});

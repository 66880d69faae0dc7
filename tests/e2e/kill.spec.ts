import { filmsCsv, openFile, search, useServer } from './journey.ts';
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

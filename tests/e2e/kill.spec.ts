import { enterKey, filmsCsv, openFile, routeOpenAI, search } from './journey.ts';
import { expect, test } from './support.ts';

test('a browser killed while embedding goes on where it was, and buys no acknowledged text twice', async ({
  persistent,
  standIn
}) => {
  test.slow();
  const total = 12_000;
  let context = await persistent.open();
  await routeOpenAI(context, standIn);
  standIn.faults.when(() => true, { kind: 'latency', ms: 250 });
  let page = context.pages()[0]!;
  await enterKey(page);
  await openFile(page, 'films.csv', filmsCsv(total));
  await page.getByRole('button', { name: 'Embed', exact: true }).click();
  // Two acknowledged batches: what the page counts as embedded is in the store.
  await expect
    .poll(async () =>
      Number(await page.getByRole('progressbar', { name: 'Embedding' }).getAttribute('value'))
    )
    .toBeGreaterThan(2048);
  const acknowledged = Number(
    await page.getByRole('progressbar', { name: 'Embedding' }).getAttribute('value')
  );
  await persistent.kill();
  const sentBefore = standIn.ledger.texts().length;

  context = await persistent.open();
  await routeOpenAI(context, standIn);
  page = context.pages()[0]!;
  await enterKey(page);
  await page.getByRole('link', { name: 'Collections' }).first().click();
  await page
    .getByRole('list', { name: 'Collections' })
    .getByRole('link', { name: 'films' })
    .click();
  await expect(page.getByText(/Unfinished: [\d,]+ of 12,000 embedded/)).toBeVisible();
  standIn.faults.clear();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByText('12,000 items', { exact: false }).first()).toBeVisible();
  await expect(page.getByText(/Unfinished/)).toHaveCount(0);

  const texts = standIn.ledger.texts();
  expect(new Set(texts).size).toBe(total);
  const twice = texts.length - total;
  console.log(
    `acknowledged ${acknowledged}, sent before the kill ${sentBefore}, bought twice ${twice}`
  );
  expect(sentBefore - twice).toBeGreaterThanOrEqual(acknowledged);
  expect((await search(page, 'thriller in a school')).length).toBeGreaterThan(0);
});

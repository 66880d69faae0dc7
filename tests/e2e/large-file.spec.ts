import { mkdir, writeFile } from 'node:fs/promises';
import { ticketsCsv } from '../support/tickets-csv.ts';
import { search } from './journey.ts';
import { busyTasks, expect, test } from './support.ts';

const ROWS = 100_000;
const BYTES_PER_ROW = 150;

test('100,000 rows are read, counted, embedded and searched while the page stays at hand', async ({
  page
}, testInfo) => {
  // To close the trace of so much work takes a minute and more on a busy machine.
  test.setTimeout(420_000);
  await mkdir(testInfo.outputDir, { recursive: true });
  const file = testInfo.outputPath('tickets.csv');
  await writeFile(file, ticketsCsv(ROWS, BYTES_PER_ROW));
  await page.goto('/');
  await page.getByRole('link', { name: 'New collection' }).first().click();
  // The home page has a drop zone, too: this is about the one on the next page.
  await expect(page.getByRole('heading', { level: 1, name: 'New collection' })).toBeVisible();
  const dropZone = page.getByLabel('Data file');
  await expect(dropZone).toBeEnabled();

  const tasks = await busyTasks(page);
  const droppedMs = await page.evaluate(() => performance.now());
  const seconds: string[] = [];
  const tick = async (what: string) => {
    const ms = (await page.evaluate(() => performance.now())) - droppedMs;
    seconds.push(`${what} ${(ms / 1000).toFixed(1)} s`);
  };
  await dropZone.setInputFiles(file);
  await expect(page.getByText(/100,000 rows/).first()).toBeVisible({ timeout: 30_000 });
  await tick('read');
  await expect(page.getByRole('status', { name: 'Estimate' })).toContainText('100,000 items', {
    timeout: 60_000
  });
  await tick('counted');
  await page.getByRole('button', { name: 'Embed', exact: true }).click();
  await expect(page.getByRole('progressbar', { name: 'Embedding' })).toBeVisible({
    timeout: 60_000
  });
  await tick('kept');
  await expect(page).toHaveURL(/search$/, { timeout: 120_000 });
  await tick('embedded');
  expect((await search(page, 'the printer keeps disconnecting')).length).toBeGreaterThan(0);
  await tick('searched');

  console.log(`100,000 rows after the drop: ${seconds.join(', ')}`);
  // Far above the 50 ms that `npm run bench` holds it to: a busy machine may stretch any task, but
  // reading, counting or embedding on the main thread would take seconds.
  expect((await tasks()).filter(({ cpuMs }) => cpuMs > 250)).toEqual([]);
});

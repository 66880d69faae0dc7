import { graphReady, readResults, search } from './journey.ts';
import { expect, test } from './support.ts';

test('one click on a sample lands in its search within 3 seconds, with nothing asked of another host', async ({
  page
}) => {
  const hosts = new Set<string>();
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  await page.goto('/');
  const from = Date.now();
  await page.getByRole('button', { name: 'Try a sample' }).click();
  await expect(page.getByRole('searchbox', { name: 'Search' })).toBeVisible({ timeout: 3000 });
  console.log(`from the click to the search box: ${Date.now() - from} ms`);
  await expect(page).toHaveURL(/#\/c\/[0-9a-f]{16}\/search$/);

  const [first] = await search(page, 'wirless headphones');
  expect(first!.title).toMatch(/headphones|earbuds/i);
  expect([...hosts]).toEqual([new URL(page.url()).host]);
});

test('after a reload the same question has the same answer, and the graph is loaded, not built', async ({
  page
}) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Try headlines' }).click();
  await page.getByRole('combobox', { name: 'Method' }).selectOption('HNSW');
  await graphReady(page);
  const before = await search(page, 'solar batteries for the city');
  await expect(page.getByText(/^HNSW\s·/)).toBeVisible();
  // The graph is written when nothing has changed for a moment.
  await expect
    .poll(() =>
      page.evaluate(
        () =>
          new Promise((resolve) => {
            const open = indexedDB.open('semblance');
            open.onsuccess = () => {
              const all = open.result.transaction('graphs').objectStore('graphs').count();
              all.onsuccess = () => (open.result.close(), resolve(all.result));
            };
          })
      )
    )
    .toBe(1);

  await page.reload();
  expect(await readResults(page)).toEqual(before);
  expect(await graphReady(page)).toMatch(/loaded from this device/);
});

test('a sample that is a collection already is opened again, not made twice', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Try reviews' }).click();
  await expect(page).toHaveURL(/search$/);
  const address = page.url();
  await page.getByRole('link', { name: 'Collections' }).click();
  await page.getByRole('button', { name: 'Try reviews' }).click();
  await expect(page).toHaveURL(address);
});

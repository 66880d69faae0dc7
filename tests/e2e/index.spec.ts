import type { Locator, Page } from '@playwright/test';
import { embed, enterKey, filmsCsv, graphReady, openFile, routeOpenAI, search } from './journey.ts';
import { expect, test } from './support.ts';

/** Enough that a graph is checked by itself when it has been built. */
const FILMS = 3000;

test('a sample’s Index page tells what it is made of', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Try a sample' }).click();
  await openIndex(page);
  await expect(page).toHaveURL(/#\/c\/[0-9a-f]{16}\/index$/);
  await expect(page).toHaveTitle('Index · Products · Semblance');
  await expect(page.getByText(/^Every search compares with all 120 items in/)).toBeVisible();
  await expect(recall(page)).toHaveText('— not measured yet');
  await graphReady(page);
  const facts = page.getByRole('definition');
  await expect(facts.nth(0)).toHaveText('120');
  await expect(facts.nth(1)).toHaveText('384');
  await expect(facts.nth(2)).toHaveText(/^(SIMD|SIMD, relaxed|JavaScript)$/);
  await expect(page.getByText('384 of 384')).toBeVisible();

  const pages = page.getByRole('navigation', { name: 'This collection' });
  await expect(pages.getByRole('link', { name: 'Index' })).toHaveAttribute('aria-current', 'page');
  await page.reload();
  await expect(page.getByRole('button', { name: 'Measure' })).toBeEnabled();
  await expect(page.getByRole('button', { name: 'Rebuild' })).toBeVisible();
});

test('Measure tells recall and time of every way, and is remembered', async ({ page }) => {
  await makeFilms(page, FILMS);
  await openIndex(page);
  // A graph that was just built is checked with fewer questions.
  await expect(page.getByText(/with 40 questions/)).toBeVisible();
  await page.getByRole('button', { name: 'Measure' }).click();
  await expect(page.getByRole('progressbar', { name: 'Measuring' })).toBeVisible();
  await expect(page.getByText(/with 100 questions/)).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'Measuring' })).toHaveCount(0);

  const ways = page.getByRole('table', { name: 'Measured ways to search' });
  const told = await ways.getByRole('row').allTextContents();
  for (const name of ['Exact, float32', 'Exact, 8-bit', 'HNSW, efSearch 16', 'Automatic']) {
    expect(told.join('\n')).toContain(name);
  }
  await expect(ways.getByText('taken by Automatic')).toHaveCount(1);
  await expect(recall(page)).toHaveText(/^HNSW finds [\d.]+\s% of the ten nearest · [\d.]+ ms$/);
  await expect(
    page.getByRole('img', { name: /^Recall against time\. Exact, float32: / })
  ).toBeVisible();

  const slider = page.getByRole('slider', { name: 'efSearch' });
  await slider.fill('0');
  await expect(slider).toHaveAttribute('aria-valuetext', '16');
  await expect(page.getByText(/^efSearch 16 finds .+ of the 10 nearest in/)).toBeVisible();
  // Built-in was not made to be shortened.
  await expect(page.getByRole('slider')).toHaveCount(1);

  const before = (await recall(page).textContent())!;
  await page.reload();
  await expect(recall(page)).toHaveText(before);
  expect(await ways.getByRole('row').allTextContents()).toEqual(told);
});

test('a measurement that is cancelled changes nothing', async ({ page }) => {
  await makeFilms(page, FILMS);
  await openIndex(page);
  await expect(page.getByText(/with 40 questions/)).toBeVisible();
  const before = (await recall(page).textContent())!;
  const measure = page.getByRole('button', { name: 'Measure' });
  await measure.focus();
  // Pressed from within the page: a measurement takes a second.
  await page.evaluate(async () => {
    const button = (name: string) =>
      [...document.querySelectorAll('button')].find(
        ({ textContent }) => textContent.trim() === name
      )!;
    button('Measure').click();
    await new Promise(requestAnimationFrame);
    button('Cancel').focus();
    button('Cancel').click();
  });
  await expect(page.getByRole('button', { name: 'Cancel' })).toHaveCount(0);
  await expect(measure).toBeFocused();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(page.getByText(/with 40 questions/)).toBeVisible();
  await expect(recall(page)).toHaveText(before);
});

test('Rebuild makes the graph anew as it is asked to, while search goes on', async ({ page }) => {
  await makeFilms(page, FILMS);
  await openIndex(page);
  await graphReady(page);
  await expect(fact(page, 'M')).toHaveText('16');
  await page.getByText('Parameters').click();
  await expect(page.getByRole('combobox', { name: 'Graph dimensions' })).toHaveText(
    /^\s*Automatic\s*384 \(all\)\s*$/
  );
  await page.getByRole('combobox', { name: 'M', exact: true }).selectOption('8');
  const efConstruction = page.getByRole('spinbutton', { name: 'efConstruction' });
  await efConstruction.fill('9000');
  await efConstruction.press('Tab');
  await expect(efConstruction).toHaveValue('500');
  await efConstruction.fill('60');
  await page.getByRole('button', { name: 'Rebuild' }).click();
  await page.getByRole('link', { name: 'Search', exact: true }).click();
  expect((await search(page, 'a western in the desert'))[0]!.title).toMatch(/^Film/);

  await openIndex(page);
  await expect(fact(page, 'M')).toHaveText('8');
  await expect(fact(page, 'efConstruction')).toHaveText('60');
  await graphReady(page);
  await expect(recall(page)).toHaveText(/^HNSW finds/);
  await page.getByText('Parameters').click();
  await expect(efConstruction).toHaveValue('60');
  // The way back to the question that was asked.
  await page.getByRole('link', { name: 'Search', exact: true }).click();
  await expect(page.getByRole('searchbox')).toHaveValue('a western in the desert');
});

test('a saved graph that is damaged is told, and built again', async ({ page }) => {
  await makeFilms(page, FILMS);
  await openIndex(page);
  await graphReady(page);
  await expect(fact(page, 'On disk').last()).toHaveText(/MB$/);
  await page.evaluate(async () => {
    const settled = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await settled(indexedDB.open('semblance'));
    const [graph] = await settled(db.transaction('graphs').objectStore('graphs').getAll());
    const bytes = new Uint8Array(await graph.shards[0].arrayBuffer());
    bytes[bytes.length >> 1]! ^= 1;
    const shards = [new Blob([bytes]), ...graph.shards.slice(1)];
    await settled(
      db
        .transaction('graphs', 'readwrite')
        .objectStore('graphs')
        .put({ ...graph, shards })
    );
    db.close();
  });
  await page.reload();
  await expect(page.getByText('The saved graph is damaged, so it is built again.')).toBeVisible();
  await graphReady(page);
  await page.getByRole('link', { name: 'Search', exact: true }).click();
  expect((await search(page, 'a western in the desert'))[0]!.title).toMatch(/^Film/);
});

test('vectors of a model that can be shortened are tried at each length', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await enterKey(page);
  await openFile(page, 'films.csv', filmsCsv(60));
  await embed(page);
  await openIndex(page);
  await page.getByText('Parameters').click();
  await expect(
    page.getByRole('combobox', { name: 'Graph dimensions' }).getByRole('option')
  ).toHaveText(['Automatic', '1536 (all)', '1024', '512', '256']);
  await page.getByRole('button', { name: 'Measure' }).click();
  const slider = page.getByRole('slider', { name: 'Dimensions' });
  await expect(slider).toHaveAttribute('aria-valuetext', '1536');
  await expect(page.getByText(/^All 1536 dimensions, as they are/)).toBeVisible();
  await slider.fill('2');
  await expect(
    page.getByText(/^512 dimensions keep .* a third of the size, .*tried on 60 items/)
  ).toBeVisible();
  await page.getByRole('status').getByRole('link', { name: 'Embed again' }).click();
  await expect(page).toHaveURL(/#\/new\?again=[0-9a-f]{16}$/);
});

test('a collection too small to measure says so', async ({ page }) => {
  await makeFilms(page, 20);
  await openIndex(page);
  await expect(page.getByText('this collection has 20', { exact: false })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Measure' })).toBeDisabled();
  await expect(recall(page)).toHaveText('— not measured yet');
});

test('vectors that are not in memory are answered from codes first, then re-scored', async ({
  page,
  context
}) => {
  // A machine without memory to spare, as the engine sees it.
  await context.route(/engine\.worker/, async (route) => {
    const response = await route.fetch();
    const body = `Object.defineProperty(navigator, 'deviceMemory', { value: 0 });${await response.text()}`;
    await route.fulfill({ response, body });
  });
  await page.addInitScript(() => {
    const seen = { rough: 0, rescoring: 0 };
    Object.assign(globalThis, { seen });
    new MutationObserver(() => {
      const text = document.body?.textContent ?? '';
      if (/Similarity about\s+≈\s[01]\.\d\d\b/.test(text)) seen.rough++;
      if (text.includes('as 8-bit codes, re-scoring…')) seen.rescoring++;
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await makeFilms(page, FILMS);
  await page.reload();
  const found = await search(page, 'a western in the desert');
  expect(found[0]!.similarity).toMatch(/^0\.\d{3}$/);
  await expect(
    page.getByText(/Exact ·\s+compared with 3,000 of 3,000 as 8-bit codes, re-scored/)
  ).toBeVisible();
  // Answers that come at once are drawn as one: one of a few questions is enough.
  for (const question of ['a drama', 'a comedy at school', 'the harbour'])
    await search(page, question);
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: object }).seen);
  expect(seen).toEqual({ rough: expect.any(Number), rescoring: expect.any(Number) });
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(0);
  await openIndex(page);
  await expect(page.getByText('read from disk when needed')).toBeVisible();
});

async function makeFilms(page: Page, count: number): Promise<void> {
  await page.goto('/');
  await openFile(page, 'films.csv', filmsCsv(count));
  await embed(page);
}

async function openIndex(page: Page): Promise<void> {
  await page
    .getByRole('navigation', { name: 'This collection' })
    .getByRole('link', { name: 'Index' })
    .click();
}

function recall(page: Page): Locator {
  return page.getByRole('status', { name: 'Recall' });
}

/** The value of a fact by its exact name. */
function fact(page: Page, name: string): Locator {
  return page
    .locator('dl > div')
    .filter({ has: page.getByText(name, { exact: true }) })
    .getByRole('definition');
}

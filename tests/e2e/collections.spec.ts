import type { Page } from '@playwright/test';
import {
  embed,
  Gate,
  enterKey,
  filmsCsv,
  listed,
  openFile,
  pressEmbed,
  routeOpenAI,
  useServer
} from './journey.ts';
import { expect, test } from './support.ts';

test('a collection is renamed in the list', async ({ page }) => {
  await makeFilms(page, 'films');
  const entry = await listed(page, 'films');
  await act(page, 'films', 'Rename');
  const dialog = page.getByRole('dialog', { name: 'Rename collection' });
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue('films');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('  Films I like  ');
  await dialog.getByRole('textbox', { name: 'Name' }).press('Enter');
  await expect(dialog).toBeHidden();
  await expect(entry).toHaveCount(0);
  await page.reload();
  await page.getByRole('link', { name: 'Films I like', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Films I like' })).toBeVisible();
  await expect(page).toHaveTitle('Films I like · Semblance');
});

test('a collection is deleted only after its name is typed, and leaves nothing behind', async ({
  page
}) => {
  await makeFilms(page, 'films');
  await makeFilms(page, 'more');
  await expect(await listed(page)).toHaveCount(2);
  const before = await keptRecords(page);

  await act(page, 'more', 'Delete');
  const dialog = page.getByRole('dialog', { name: 'Delete collection' });
  await expect(dialog).toContainText('20 items');
  const confirm = dialog.getByRole('button', { name: 'Delete' });
  await expect(confirm).toBeDisabled();
  await dialog.getByRole('textbox').fill('films');
  await expect(confirm).toBeDisabled();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(await listed(page)).toHaveCount(2);

  await act(page, 'more', 'Delete');
  await dialog.getByRole('textbox').fill('more');
  await confirm.click();
  await expect(await listed(page, 'more')).toHaveCount(0);
  await expect(await listed(page, 'films')).toHaveCount(1);
  const after = await keptRecords(page);
  for (const store of ['collections', 'rows', 'items', 'segments', 'runs', 'graphs'] as const) {
    expect(after[store], store).toBeLessThanOrEqual(1);
  }
  expect(after['segments']).toBeLessThan(before['segments']!);
});

test('what was spent stays in the totals, also when its collection is gone', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await enterKey(page);
  await openFile(page, 'films.csv', filmsCsv(300));
  await embed(page);
  const entry = await listed(page, 'films');
  await expect(entry).toContainText('300 items');
  await expect(entry).toContainText(/\$0\.000\d/);
  const tokens = standIn.ledger.requests.reduce((sum, request) => sum + request.tokens, 0);
  const spent = page.getByText(`for ${tokens.toLocaleString('en-US')} tokens`);
  await expect(spent).toBeVisible();
  await expect(page.getByText(/^[\d.]+ [kM]B$/)).toBeVisible();

  await act(page, 'films', 'Delete');
  await page.getByRole('dialog').getByRole('textbox').fill('films');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('None yet.', { exact: false })).toBeVisible();
  await expect(spent).toBeVisible();
  await page.getByRole('link', { name: 'Settings' }).click();
  await expect(spent).toBeVisible();
});

test('other tabs follow: the list, and a collection that is open while it is deleted', async ({
  page,
  context
}) => {
  await makeFilms(page, 'films');
  const address = page.url();
  const other = await context.newPage();
  await other.goto('/');
  const entry = other
    .getByRole('list', { name: 'Collections' })
    .getByRole('link', { name: 'films', exact: true });
  await expect(entry).toBeVisible();

  const third = await context.newPage();
  await third.goto('/');
  await act(third, 'films', 'Delete');
  await third.getByRole('dialog').getByRole('textbox').fill('films');
  await third.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();

  await expect(entry).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'This collection is not here' })).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: 'Collections' }).click();
  await expect(page.getByText('None yet.', { exact: false })).toBeVisible();
  await page.goto(address);
  await expect(page.getByRole('heading', { name: 'This collection is not here' })).toBeVisible();
});

test('a collection that is deleted while it is embedded is gone, and nothing more is bought for it', async ({
  page,
  context,
  standIn
}) => {
  const gate = await Gate.hold(context, { after: 2 });
  await useServer(page, standIn);
  await openFile(page, 'films.csv', filmsCsv(640));
  await pressEmbed(page);
  await expect(page.getByRole('progressbar', { name: 'Embedding' })).toHaveJSProperty('value', 64);
  await expect(await listed(page, 'films')).toContainText('embedding now');
  await act(page, 'films', 'Delete');
  await page.getByRole('dialog').getByRole('textbox').fill('films');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('None yet.', { exact: false })).toBeVisible();
  gate.drop();
  await page.reload();
  await expect(page.getByText('None yet.', { exact: false })).toBeVisible();
  expect(standIn.ledger.requests).toHaveLength(2);
  expect((await keptRecords(page))['segments']).toBe(0);
});

test('an address of a collection that never was here says so, on every page about it', async ({
  page
}) => {
  await page.goto('/#/c/0123456789abcdef/search');
  await expect(page.getByRole('heading', { name: 'This collection is not here' })).toBeVisible();
  for (const purpose of ['into', 'again']) {
    await page.goto(`/#/new?${purpose}=0123456789abcdef`);
    await expect(page.getByRole('alert')).toContainText('collection');
    await expect(page.getByLabel('Data file')).toBeVisible();
  }
  await page.goto('/#/nowhere');
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
  // A link that was cut off in the middle of a letter leads home.
  await page.goto('/?cut#/c/x/items/~%E2%8');
  await expect(page.getByRole('list', { name: 'Collections' })).toBeVisible();
});

/** Makes a collection of twenty films with Built-in. */
async function makeFilms(page: Page, name: string): Promise<void> {
  await page.goto('/');
  await openFile(page, `${name}.csv`, filmsCsv(20));
  await embed(page);
}

async function act(page: Page, name: string, action: 'Rename' | 'Delete'): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('button', { name: action, exact: true }).click();
}

/** How many records each store has. */
function keptRecords(page: Page): Promise<Record<string, number>> {
  return page.evaluate(
    () =>
      new Promise<Record<string, number>>((resolve, reject) => {
        const opening = indexedDB.open('semblance');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const db = opening.result;
          const names = [...db.objectStoreNames];
          const transaction = db.transaction(names);
          const counts = names.map((name) => transaction.objectStore(name).count());
          transaction.oncomplete = () => {
            db.close();
            resolve(Object.fromEntries(names.map((name, i) => [name, counts[i]!.result])));
          };
        };
      })
  );
}

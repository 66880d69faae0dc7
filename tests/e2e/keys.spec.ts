import type { Page } from '@playwright/test';
import { enterKey, routeOpenAI, useServer } from './journey.ts';
import { expect, test, TEST_KEY } from './support.ts';

const PASSPHRASE = 'correct horse battery';

const key = (page: Page) => page.getByRole('textbox', { name: 'API key' });
const passphrase = (page: Page) => page.getByRole('textbox', { name: 'Passphrase' });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Remembers the key that is in the tab. */
async function remember(page: Page, words = PASSPHRASE): Promise<void> {
  await page.getByRole('checkbox', { name: 'Remember on this device' }).check();
  await passphrase(page).fill(words);
  await button(page, 'Keep encrypted').click();
  await expect(
    page.getByText('Kept on this device, encrypted, and unlocked in this tab.')
  ).toBeVisible();
}

async function expectConnected(page: Page): Promise<void> {
  await button(page, 'Test connection').click();
  await expect(page.getByText(/answers: \d+ dimensions in/)).toBeVisible();
}

/** Everything this origin stores, as text: bytes as their letters. */
function stored(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const all: unknown[] = [Object.entries(localStorage), Object.entries(sessionStorage)];
    for (const { name } of await indexedDB.databases()) {
      const db = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name!);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      for (const store of db.objectStoreNames) {
        const values = await new Promise<unknown[]>((resolve, reject) => {
          const request = db.transaction(store).objectStore(store).getAll();
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        all.push(store, values);
      }
      db.close();
    }
    return JSON.stringify(all, (_, value: unknown) =>
      value instanceof Uint8Array ? `bytes:${String.fromCharCode(...value)}` : value
    );
  });
}

test('a remembered key is locked after a reload, opens with its passphrase, and can be locked again', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await enterKey(page);
  await remember(page);
  await expectConnected(page);
  expect(await stored(page)).toContain('bytes:');
  expect(await stored(page)).not.toContain(TEST_KEY);

  await page.reload();
  await expect(page.getByText('A key is kept on this device, locked.')).toBeVisible();
  await page.goto('/#/inspect');
  await expect(
    page.getByText(/needs your key, which is kept on this device and locked/)
  ).toBeVisible();
  await page.goto('/#/settings');
  await passphrase(page).fill('correct horse batter');
  await passphrase(page).press('Enter');
  await expect(page.getByRole('alert')).toHaveText(/^This passphrase does not open the key\./);
  await passphrase(page).fill(PASSPHRASE);
  await passphrase(page).press('Enter');
  await expect(
    page.getByText('Kept on this device, encrypted, and unlocked in this tab.')
  ).toBeVisible();
  await expectConnected(page);

  await button(page, 'Lock').click();
  await expect(page.getByText('A key is kept on this device, locked.')).toBeVisible();
  await button(page, 'Test connection').click();
  await expect(page.getByText('The key on this device is locked.')).toBeVisible();
});

test('a key that is forgotten is nowhere any more, and not in another tab either', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await enterKey(page);
  await remember(page);
  const other = await context.newPage();
  await other.goto('/#/settings');
  await expect(other.getByText('A key is kept on this device, locked.')).toBeVisible();

  await button(page, 'Forget it').click();
  await expect(key(page)).toHaveAttribute('placeholder', 'No key yet');
  expect(await stored(page)).not.toContain('bytes:');
  await passphrase(other).fill(PASSPHRASE);
  await button(other, 'Unlock').click();
  await expect(other.getByRole('alert')).toHaveText(/^There is no kept key any more\./);
});

test('a passphrase that is too short is refused, and a newer key is told from the kept one', async ({
  page
}) => {
  await enterKey(page, 'sk-first-key-00000000');
  await page.getByRole('checkbox', { name: 'Remember on this device' }).check();
  await passphrase(page).fill('short');
  await button(page, 'Keep encrypted').click();
  await expect(page.getByRole('alert')).toHaveText(/shorter than 8 characters/);
  await passphrase(page).fill(PASSPHRASE);
  await button(page, 'Keep encrypted').click();
  await expect(page.getByText(/^Kept on this device/)).toBeVisible();

  await key(page).fill('sk-second-key-0000000');
  await expect(page.getByText(/What is kept on this device is the key before/)).toBeVisible();
  await remember(page, 'another passphrase');
  await page.reload();
  await passphrase(page).fill(PASSPHRASE);
  await passphrase(page).press('Enter');
  await expect(page.getByRole('alert')).toBeVisible();
  await passphrase(page).fill('another passphrase');
  await passphrase(page).press('Enter');
  await expect(page.getByText(/^Kept on this device/)).toBeVisible();
  // Emptying the field takes the key out of this tab, and leaves what is kept.
  await key(page).fill('x');
  await key(page).fill('');
  await expect(page.getByText('A key is kept on this device, locked.')).toBeVisible();
});

test('a key kept for one server is not there for another', async ({ page, standIn }) => {
  await useServer(page, standIn);
  await remember(page);
  await page.reload();
  await expect(page.getByText('A key is kept on this device, locked.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Base URL' }).fill('https://another.example/v1');
  await page.getByRole('textbox', { name: 'Base URL' }).press('Tab');
  await expect(key(page)).toHaveAttribute('placeholder', 'No key yet');
  await expect(passphrase(page)).toHaveCount(0);
  // It is sealed to its own address, and there when that is.
  await page.getByRole('textbox', { name: 'Base URL' }).fill(`${standIn.baseUrl}/`);
  await page.getByRole('textbox', { name: 'Base URL' }).press('Tab');
  await passphrase(page).fill(PASSPHRASE);
  await passphrase(page).press('Enter');
  await expect(page.getByText(/^Kept on this device, encrypted, and unlocked/)).toBeVisible();
  // Another way to write the same address leaves it open.
  await page.getByRole('textbox', { name: 'Base URL' }).fill(standIn.baseUrl);
  await page.getByRole('textbox', { name: 'Base URL' }).press('Tab');
  await expect(button(page, 'Lock')).toBeVisible();
  await expectConnected(page);
});

test('what leaves this device is told, with the host that is chosen now', async ({
  page,
  standIn
}) => {
  await page.goto('/#/');
  await page.getByRole('link', { name: 'What leaves this device' }).click();
  await expect(page.getByRole('status')).toContainText(
    'Built-in. It embeds in this browser, and sends nothing.'
  );
  await useServer(page, standIn);
  await page.getByRole('link', { name: 'What leaves this device' }).click();
  await expect(page).toHaveTitle(/What leaves/);
  await expect(page.getByRole('status')).toContainText(new URL(standIn.url).host);
});

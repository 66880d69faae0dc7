import { expect, test } from './support.ts';

test('a tab with an older version gives way to a newer one, and says so on any page', async ({
  page,
  context
}) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Try reviews' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Reviews' })).toBeVisible();

  const newer = await context.newPage();
  await newer.goto('/icon.svg');
  const version = await newer.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('semblance', 99);
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => resolve(opening.result.version);
      })
  );
  expect(version).toBe(99);

  const notice = page.getByRole('alert').filter({ hasText: 'newer version of this page' });
  await expect(notice).toBeVisible();
  await expect(notice.getByRole('button', { name: 'Reload' })).toBeVisible();
  await page.getByRole('link', { name: 'Settings' }).click();
  await expect(notice).toBeVisible();
});

import { expect, test } from './support.ts';

test('what the reader chooses before the kept settings are read stays chosen', async ({ page }) => {
  const asked = Promise.withResolvers<unknown>();
  const answer = Promise.withResolvers<unknown>();
  await page.route('**/semblance.json', async (route) => {
    asked.resolve(undefined);
    await answer.promise;
    await route.continue();
  });
  await page.goto('/#/settings');
  await asked.promise;
  await page.getByRole('radio', { name: 'OpenAI', exact: true }).check();
  await page.getByLabel('API key').fill('sk-typed-early');
  const answered = page.waitForResponse('**/semblance.json');
  answer.resolve(undefined);
  await answered;
  await expect(page.getByRole('button', { name: 'Forget it' })).toBeEnabled();
  await expect(page.getByRole('radio', { name: 'OpenAI', exact: true })).toBeChecked();
});

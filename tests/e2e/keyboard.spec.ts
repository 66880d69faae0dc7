import type { Locator, Page } from '@playwright/test';
import { estimate, filmsCsv, readResults } from './journey.ts';
import { expect, test } from './support.ts';

test('from the home page to a sample, its search and how it was found, by keyboard alone', async ({
  page
}) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await reach(page, page.getByRole('button', { name: 'Try a sample' }));
  await page.keyboard.press('Enter');

  await expect(page.getByRole('heading', { level: 1, name: 'Products' })).toBeVisible();
  await expect(page.getByRole('main')).toBeFocused();
  await reach(page, page.getByRole('searchbox', { name: 'Search' }));
  await page.keyboard.type('wirless headphones');
  await page.keyboard.press('Enter');
  expect((await readResults(page))[0]!.title).toMatch(/headphones|earbuds/i);
  await expect(page.getByRole('searchbox', { name: 'Search' })).toBeFocused();

  await reach(page, page.getByRole('combobox', { name: 'Method' }));
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('combobox', { name: 'Method' })).toHaveValue('exact');
  await reach(page, page.locator('summary', { hasText: 'How this was found' }));
  await page.keyboard.press('Enter');
  await expect(page.getByText('In all')).toBeVisible();
});

test('the index is measured, tried out and rebuilt by keyboard alone', async ({ page }) => {
  await page.goto('/');
  await reach(page, page.getByRole('button', { name: 'Try a sample' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Products' })).toBeVisible();
  await reach(page, page.getByRole('link', { name: 'Index' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await expect(page.getByText(/^Graph ready/)).toBeVisible();
  const measure = page.getByRole('button', { name: 'Measure' });
  await reach(page, measure);
  await page.keyboard.press('Enter');
  const slider = page.getByRole('slider', { name: 'efSearch' });
  await expect(slider).toBeVisible();
  await expect(measure).toBeFocused();
  await reach(page, slider);
  await page.keyboard.press('Home');
  await expect(page.getByText(/^efSearch 16 finds/)).toBeVisible();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByText(/^efSearch 32 finds/)).toBeVisible();
  await reach(page, page.locator('summary', { hasText: 'Parameters' }));
  await page.keyboard.press('Enter');
  await reach(page, page.getByRole('combobox', { name: 'M', exact: true }));
  await page.keyboard.press('ArrowDown');
  await reach(page, page.getByRole('button', { name: 'Rebuild' }));
  await page.keyboard.press('Enter');
  await expect(page.getByText('— this graph has not been measured yet')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Rebuild' })).toBeFocused();
});

test('an embedding is created and looked into by keyboard alone', async ({ page }) => {
  await page.goto('/#/inspect');
  await reach(page, page.getByRole('textbox', { name: 'Text' }));
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('running shoes\nshoes for a run\na glass of water');
  const create = page.getByRole('button', { name: 'Create embedding' });
  await reach(page, create);
  await page.keyboard.press('Enter');
  const response = page.getByRole('region', { name: 'Response' });
  await expect(response.getByText('384 numbers')).toBeVisible();
  await expect(create).toBeFocused();
  await reach(page, response.locator('summary', { hasText: '384 numbers' }));
  await page.keyboard.press('Enter');
  await expect(response.locator('details[open]', { hasText: '384 numbers' }).last()).toContainText(
    /(-?\d\.?[\de-]*, ){300}/
  );
  await reach(page, page.getByRole('combobox', { name: 'Of the text' }));
  await page.keyboard.press('ArrowDown');
  await reach(page, page.getByRole('slider', { name: 'Dimensions kept' }));
  await page.keyboard.press('ArrowRight');
  await expect(page.getByText('This model was not trained to be shortened.')).toBeVisible();
  await reach(page, page.getByRole('radio', { name: 'Similarity' }));
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('radio', { name: 'Distance' })).toBeChecked();
});

test('a table becomes a collection by keyboard alone', async ({ page }) => {
  await page.goto('/');
  await reach(page, page.getByRole('navigation').getByRole('link', { name: 'New collection' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'New collection' })).toBeVisible();
  await expect(page.getByRole('main')).toBeFocused();
  await reach(page, page.getByRole('textbox', { name: 'Pasted text' }));
  await page.keyboard.insertText(filmsCsv(20));
  await reach(page, page.getByRole('button', { name: 'Use this text' }));
  await page.keyboard.press('Enter');
  await expect(estimate(page)).toContainText('20 items');
  const template = page.getByRole('textbox', { name: 'Text template' });
  await reach(page, template);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText('{title}: {description}');
  await reach(page, page.getByRole('button', { name: 'Insert {type}', exact: true }));
  await page.keyboard.press('Enter');
  await expect(template).toBeFocused();
  await expect(template).toHaveValue('{title}: {description}{type}');
  await expect(estimate(page)).toContainText('20 items');
  await reach(page, page.getByRole('button', { name: 'Embed', exact: true }));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/search$/);
  await expect(page.getByRole('main')).toBeFocused();
});

test('dialogs take the focus, Escape closes them, and the focus comes back', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Try reviews' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Reviews' })).toBeVisible();
  await reach(
    page,
    page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Collections' })
  );
  await page.keyboard.press('Enter');
  const menu = page.getByRole('button', { name: 'Actions for Reviews' });
  for (const action of ['Rename', 'Delete']) {
    await reach(page, menu);
    await page.keyboard.press('Enter');
    await reach(page, page.getByRole('button', { name: action, exact: true }));
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByRole('textbox')).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(menu).toBeFocused();
  }
});

test('the way back leads through the questions to the page before', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Try reviews' }).click();
  const searchbox = page.getByRole('searchbox', { name: 'Search' });
  const answers: string[] = [];
  for (const question of ['coffee & cake', 'slow service']) {
    await searchbox.fill(question);
    await searchbox.press('Enter');
    answers.push((await readResults(page))[0]!.title);
  }
  await page.goBack();
  await expect(searchbox).toHaveValue('coffee & cake');
  expect((await readResults(page))[0]!.title).toBe(answers[0]);
  await page.goForward();
  await expect(searchbox).toHaveValue('slow service');
  expect((await readResults(page))[0]!.title).toBe(answers[1]);
  await page.goBack();
  await page.goBack();
  await expect(searchbox).toHaveValue('');
  await page.goBack();
  await expect(page).toHaveURL(/#?\/?$/);
  await expect(page.getByRole('button', { name: 'Try a sample' })).toBeVisible();
});

for (const [address, title] of [
  ['/', 'Semblance'],
  ['/#/new', 'New collection · Semblance'],
  ['/#/settings', 'Settings · Semblance']
] as const) {
  test(`${title} has its title, also after a reload`, async ({ page }) => {
    await page.goto(address);
    await expect(page).toHaveTitle(title);
    await page.reload();
    await expect(page).toHaveTitle(title);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  });
}

/** Presses Tab until an element has the focus, and sees that the focus can be seen. */
async function reach(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 120; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      const visible = await target.evaluate((element) => {
        const { outlineStyle, boxShadow } = getComputedStyle(element);
        return outlineStyle !== 'none' || boxShadow !== 'none';
      });
      expect(visible, 'the focus can be seen').toBe(true);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reaches ${String(target)}.`);
}

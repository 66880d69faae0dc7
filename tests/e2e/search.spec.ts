import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { embed, openFile, readResults, results, search } from './journey.ts';
import { expect, test } from './support.ts';

const PRODUCTS = readFileSync('static/samples/products.json', 'utf8');

async function openProducts(page: Page): Promise<void> {
  await page.goto('/');
  await page.getByRole('button', { name: 'Try a sample' }).click();
  await expect(page.getByRole('searchbox', { name: 'Search' })).toBeVisible();
}

test('several questions are answered side by side, and again after a reload', async ({ page }) => {
  await openProducts(page);
  await page.getByRole('button', { name: 'Several questions' }).click();
  const questions = page.getByRole('textbox', { name: 'Questions' });
  await questions.fill('feeding the cat\n\nboots for hiking');
  await page.getByRole('button', { name: 'Ask' }).click();
  const cat = page.getByRole('list', { name: 'Results for feeding the cat' });
  const boots = page.getByRole('list', { name: 'Results for boots for hiking' });
  await expect(cat.getByRole('heading').first()).toContainText(/cat|feeder/i);
  await expect(boots.getByRole('heading').first()).toContainText(/boot/i);
  await page.reload();
  await expect(boots.getByRole('heading').first()).toContainText(/boot/i);
  await expect(questions).toHaveValue('feeding the cat\nboots for hiking');
});

test('an item finds more like it, and not itself', async ({ page }) => {
  await openProducts(page);
  const [first] = await search(page, 'wireless headphones');
  await page.getByRole('link', { name: `More like ${first!.title}` }).click();
  await expect(page.getByText('Nearest to')).toBeVisible();
  const titles = (await readResults(page)).map(({ title }) => title);
  expect(titles).not.toContain(first!.title);
  expect(titles[0]).toMatch(/headset|headphones|earbuds|speaker/i);
});

test('a pasted text of any length is compared as it is', async ({ page }) => {
  await openProducts(page);
  const box = page.getByRole('searchbox', { name: 'Search' });
  await box.focus();
  await page.evaluate(() => {
    const text = `I want to cook on a campfire.\n${'A skillet of cast iron. '.repeat(400)}`;
    const data = new DataTransfer();
    data.setData('text/plain', text);
    const paste = new ClipboardEvent('paste', {
      clipboardData: data,
      bubbles: true,
      cancelable: true
    });
    document.activeElement!.dispatchEvent(paste);
  });
  await expect(page.getByRole('textbox', { name: 'Text to compare' })).toHaveValue(/campfire/);
  await page.getByRole('button', { name: 'Ask' }).click();
  expect((await readResults(page))[0]!.title).toMatch(/skillet/i);
});

test('a text too long for the address is still answered on the way back, and leaves no other question there', async ({
  page
}) => {
  await openProducts(page);
  await search(page, 'a tent');
  await expect(page).toHaveURL(/q=a/);
  await page.getByRole('button', { name: 'A longer text' }).click();
  await page.getByRole('textbox', { name: 'Text to compare' }).fill('warm wool\n'.repeat(600));
  await page.getByRole('button', { name: 'Ask' }).click();
  await expect(page).toHaveURL(/search$/);
  await expect(results(page)).toHaveAttribute('aria-busy', 'false');
  const first = await results(page).getByRole('heading').first().textContent();
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  await expect(page.getByRole('grid')).toBeVisible();
  await page.getByRole('link', { name: 'Search', exact: true }).click();
  await expect(results(page).getByRole('heading').first()).toHaveText(first!);
  await expect(page.getByRole('textbox', { name: 'Text to compare' })).toHaveValue(/^warm wool/);
});

test('a filter is built by choosing or as JSON, counts as it is made, and says where it is wrong', async ({
  page
}) => {
  await openProducts(page);
  await search(page, 'something for the kitchen');
  const filter = page.getByRole('region', { name: 'Filter' });
  await filter.getByRole('button', { name: 'Filter', exact: true }).click();
  await filter.getByRole('button', { name: 'Add condition' }).click();
  await filter.getByRole('combobox', { name: 'Field' }).selectOption('category');
  await filter
    .getByRole('textbox', { name: 'Value' })
    .or(filter.getByRole('combobox', { name: 'Value' }))
    .fill('Garden');
  const gardens = (JSON.parse(PRODUCTS) as { category: string }[]).filter(
    ({ category }) => category === 'Garden'
  );
  await expect(filter.getByRole('status')).toHaveText(`${gardens.length} of 120 items`);
  await expect(
    results(page)
      .getByRole('definition')
      .filter({ hasText: /^Kitchen$/ })
  ).toHaveCount(0);

  await filter.getByRole('button', { name: 'Edit as JSON' }).click();
  const json = filter.getByRole('textbox', { name: 'Filter JSON' });
  await expect(json).toHaveValue('{\n  "category": "Garden"\n}');
  await json.fill('{"price":\n {"$lx": 5}}');
  await expect(filter.getByText('Line 2, column 3: “$lx” is no operator.')).toBeVisible();
  await expect(filter.getByRole('status')).toHaveText(`${gardens.length} of 120 items`);
  await filter.getByRole('button', { name: 'Show the place' }).click();
  expect(
    await json.evaluate((area: HTMLTextAreaElement) =>
      area.value.slice(area.selectionStart, area.selectionEnd)
    )
  ).toBe('"$lx"');

  await json.fill('{"$and": [{"price": {"$lt": 30}}, {"$regex": "(?:bee|hive)"}]}');
  await filter.getByRole('button', { name: 'Edit as conditions' }).click();
  await expect(filter.getByRole('combobox', { name: 'Field' })).toHaveCount(2);
  await expect(filter.getByText(/text matches regex/)).toBeVisible();
  await filter.getByRole('button', { name: 'Clear' }).click();
  await expect(filter.getByText('none', { exact: true })).toBeVisible();
});

test('what is half typed in a filter stays, and counts stand beside their own condition', async ({
  page
}) => {
  await openProducts(page);
  const filter = page.getByRole('region', { name: 'Filter' });
  await filter.getByRole('button', { name: 'Filter', exact: true }).click();
  await filter.getByRole('button', { name: 'Edit as JSON' }).click();
  await filter
    .getByRole('textbox', { name: 'Filter JSON' })
    .fill('{"$and": [{"price": {"$lt": 30}}, {"category": {"$in": ["Home, garden", "Garden"]}}]}');
  await filter.getByRole('button', { name: 'Edit as conditions' }).click();
  const price = filter.getByLabel('Value', { exact: true }).first();
  const names = filter.getByLabel('Value', { exact: true }).last();
  await expect(names).toHaveValue('"Home, garden", Garden');
  const cheap = (JSON.parse(PRODUCTS) as { price: number }[]).filter(({ price }) => price < 30);
  await expect(filter.getByText(`${cheap.length} items`)).toBeVisible();
  await price.press('End');
  await price.pressSequentially('e');
  await expect(price).toHaveValue('30e');
  // What is no number yet is no condition: its count goes, the other one's stays.
  await expect(filter.getByText(`${cheap.length} items`)).toHaveCount(0);
  await price.pressSequentially('0');
  await expect(price).toHaveValue('30e0');
  await expect(filter.getByText(`${cheap.length} items`)).toBeVisible();
  await names.press('End');
  await names.pressSequentially(', Kitchen');
  await filter.getByRole('button', { name: 'Edit as JSON' }).click();
  const json = await filter.getByRole('textbox', { name: 'Filter JSON' }).inputValue();
  expect(JSON.parse(json)).toEqual({
    $and: [{ price: { $lt: 30 } }, { category: { $in: ['Home, garden', 'Garden', 'Kitchen'] } }]
  });
});

test('a filter comes before any question, survives a reload, and takes no word that is being typed', async ({
  page
}) => {
  await openProducts(page);
  const question = page.getByRole('searchbox', { name: 'Search' });
  await question.fill('warm and dry');
  const filter = page.getByRole('region', { name: 'Filter' });
  await filter.getByRole('button', { name: 'Filter', exact: true }).click();
  await filter.getByRole('button', { name: 'Edit as JSON' }).click();
  await filter.getByRole('textbox', { name: 'Filter JSON' }).fill('{"category": "Outdoors"}');
  await expect(page).toHaveURL(/filter=/);
  await expect(filter.getByRole('status')).toHaveText('12 of 120 items');
  await expect(question).toHaveValue('warm and dry');
  await question.press('Enter');
  await expect(results(page).getByRole('heading')).toHaveCount(12);
  await page.goBack();
  await page.reload();
  await expect(filter.getByRole('status')).toHaveText('12 of 120 items');
  await expect(results(page)).toContainText('Ask a question');
});

test('a regular expression that takes for ever is told, and the page goes on', async ({ page }) => {
  await page.goto('/');
  const text = 'a'.repeat(5000);
  await openFile(page, 'long.csv', `id,text\n1,${text}b\n2,short\n`);
  await embed(page);
  const filter = page.getByRole('region', { name: 'Filter' });
  await filter.getByRole('button', { name: 'Filter', exact: true }).click();
  await filter.getByRole('button', { name: 'Edit as JSON' }).click();
  await search(page, 'short');
  await filter.getByRole('textbox', { name: 'Filter JSON' }).fill('{"$regex": "(a+)+$x"}');
  await expect(filter.getByText(/takes too long/)).toBeVisible();
  await filter.getByRole('textbox', { name: 'Filter JSON' }).fill('{"$regex": "^short"}');
  await expect(filter.getByRole('status')).toHaveText('1 of 2 items');
});

test('words count as much as is chosen, and are marked', async ({ page }) => {
  await openProducts(page);
  await search(page, 'temperature hold');
  await expect(results(page).locator('mark')).toHaveCount(0);
  await page.getByText('Refine').click();
  const balance = page.getByRole('slider', { name: 'Words or meaning' });
  await balance.focus();
  await page.keyboard.press('End');
  await expect(results(page).locator('mark').first()).toHaveText(/temperature|hold/i);
  await expect(results(page).getByText(/no\. 1 by words/)).toBeVisible();
  await expect(page).toHaveURL(/words=1/);
});

test('similarities are told in context, and a threshold hides what is less similar', async ({
  page
}) => {
  await openProducts(page);
  const found = await search(page, 'wireless headphones');
  await expect(
    results(page)
      .getByText(/^closer than .* random pairs?$/)
      .first()
  ).toBeVisible();
  await page.getByText('Refine').click();
  const least = page.getByRole('slider', { name: 'At least this similar' });
  await least.fill('0.1');
  const kept = found.filter(({ similarity }) => Number(similarity) > 0.1);
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(found.length);
  await expect(results(page).getByRole('heading')).toHaveCount(kept.length);
});

test('near-duplicates are folded under the first of them', async ({ page }) => {
  await page.goto('/');
  const rows = ['A red bicycle with a basket', 'A red bicycle with a basket', 'A blue kettle'];
  const csv = rows.map((text, n) => `${n},${text}`).join('\n');
  await openFile(page, 'twice.csv', `id,text\n${csv}\n`);
  await embed(page);
  expect(await search(page, 'bicycle')).toHaveLength(2);
  await page.getByText('1 near-duplicate').click();
  const folded = page.getByRole('list', { name: /^Near-duplicates of/ });
  await expect(folded.getByRole('listitem')).toHaveCount(1);
});

test('answers are walked with the arrows, opened with Enter, and copied', async ({
  page,
  context
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openProducts(page);
  const found = await search(page, 'wireless headphones');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(page.locator(':focus')).toHaveText(found[1]!.title);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('searchbox', { name: 'Search' })).toBeFocused();

  await page.getByRole('button', { name: 'Copy or save these results' }).click();
  await page.getByRole('button', { name: 'Copy as JSON' }).click();
  await expect(page.getByText('Copied as JSON.')).toBeVisible();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as {
    question: string;
    results: { title: string; fields: { price: number } }[];
  }[];
  expect(copied[0]!.question).toBe('wireless headphones');
  expect(copied[0]!.results.map(({ title }) => title)).toEqual(found.map(({ title }) => title));
  expect(typeof copied[0]!.results[0]!.fields.price).toBe('number');

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Copy or save these results' }).click();
  await page.getByRole('button', { name: 'Save as CSV' }).click();
  expect((await download).suggestedFilename()).toBe('Products.csv');
});

test('/ leads to the question, unless it is switched off', async ({ page }) => {
  await openProducts(page);
  await search(page, 'boots');
  await page
    .getByRole('link', { name: /^More like/ })
    .first()
    .focus();
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox', { name: 'Search' })).toBeFocused();
  await page.keyboard.type('/');
  await expect(page.getByRole('searchbox', { name: 'Search' })).toHaveValue('boots/');

  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('checkbox', { name: 'Keyboard shortcuts' }).uncheck();
  await page.reload();
  await expect(page.getByRole('checkbox', { name: 'Keyboard shortcuts' })).not.toBeChecked();
  await page.goBack();
  await page
    .getByRole('link', { name: /^More like/ })
    .first()
    .focus();
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox', { name: 'Search' })).not.toBeFocused();
});

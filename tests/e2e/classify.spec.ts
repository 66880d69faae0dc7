import type { Page } from '@playwright/test';
import { embed, enterKey, Gate, openFile, routeOpenAI } from './journey.ts';
import { expect, test } from './support.ts';

async function openReviews(page: Page): Promise<void> {
  await page.goto('/');
  await page.getByRole('button', { name: 'Try reviews' }).click();
  await page.getByRole('link', { name: 'Classify', exact: true }).click();
}

const predictions = (page: Page) => page.getByRole('table', { name: 'Predictions' });

/** What the page says of an accuracy, as numbers. */
async function accuracy(page: Page): Promise<{ right: number; total: number }> {
  const status = page.getByRole('status', { name: 'Accuracy' });
  await expect(status).toHaveText(/\d of \d/);
  const [, right, total] = /(\d+) of (\d+)/.exec((await status.textContent())!)!;
  return { right: Number(right), total: Number(total) };
}

test('three reviews are classified by labels alone and by descriptions, side by side', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await enterKey(page);
  const reviews = [
    'The blender is wonderful and quiet',
    'The blender is broken and the shop is rude',
    'The blender came on Monday'
  ];
  await openFile(
    page,
    'reviews.csv',
    `id,review\n${reviews.map((text, n) => `${n},${text}`).join('\n')}\n`
  );
  await page
    .getByRole('combobox', { name: 'Embedding model' })
    .selectOption('text-embedding-3-small');
  await page.getByRole('textbox', { name: 'Text template' }).fill('{review}');
  await embed(page);
  await page.getByRole('link', { name: 'Classify', exact: true }).click();
  standIn.ledger.clear();
  await page
    .getByRole('textbox', { name: 'Labels' })
    .fill('good: wonderful and quiet\nbad: broken and rude\ngood: said again');
  await expect(page.getByText('Line 3 says “good” again')).toBeVisible();
  // One token for each name, five and three for the descriptions, by OpenAI's tokeniser.
  await expect(page.getByText('3 items · labels of 10 tokens to buy · < $0.0001')).toBeVisible();
  await page.getByRole('button', { name: 'Classify' }).click();

  const table = predictions(page);
  await expect(table.getByRole('columnheader')).toHaveText([
    'Item',
    'Label only',
    'With description'
  ]);
  await expect(table.getByRole('row')).toHaveCount(4);
  const cells = (n: number) =>
    table
      .getByRole('row')
      .nth(n + 1)
      .getByRole('cell');
  await expect(cells(0).nth(1)).toContainText(/^\s*good/);
  await expect(cells(1).nth(1)).toContainText(/^\s*bad/);
  expect(standIn.ledger.texts().sort()).toEqual([
    'bad',
    'broken and rude',
    'good',
    'wonderful and quiet'
  ]);

  await cells(0).nth(1).locator('summary').click();
  await expect(cells(0).nth(1).getByRole('listitem')).toHaveCount(2);
  await page.getByRole('spinbutton', { name: /Unsure below/ }).fill('0.9');
  await expect(table.getByText('unsure')).toHaveCount(6);

  // Labels that were bought are not bought again.
  await expect(page.getByText('3 items · nothing to buy')).toBeVisible();
  await page.getByRole('button', { name: 'Classify' }).click();
  await expect(page.getByRole('progressbar')).toHaveCount(0);
  expect(standIn.ledger.texts()).toHaveLength(4);
});

test('labels are judged by a field, and a cell of the confusion matrix opens its items', async ({
  page
}) => {
  await openReviews(page);
  await page
    .getByRole('textbox', { name: 'Labels' })
    .fill('positive: love it, best, works\nnegative: broken, leaking, refund\nneutral: fine, okay');
  await page.getByRole('button', { name: 'Classify' }).click();
  await page.getByRole('combobox', { name: 'True label' }).selectOption('sentiment');
  const { right, total } = await accuracy(page);
  expect(total).toBe(122);
  const matrix = page.getByRole('table', { name: 'Confusion matrix' });
  const numbers = await matrix
    .getByRole('row')
    .evaluateAll((rows) =>
      rows
        .slice(1)
        .map((row) => [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent)))
    );
  expect(numbers.flat().reduce((sum, number) => sum + number, 0)).toBe(total);
  expect(numbers.reduce((sum, row, n) => sum + row[n]!, 0)).toBe(right);

  const wrong = matrix.getByRole('button', { name: /is negative, taken for positive/ });
  const count = Number(await wrong.textContent());
  await wrong.click();
  await expect(page.getByRole('heading', { name: 'Predictions' })).toBeFocused();
  await expect(predictions(page).getByRole('row')).toHaveCount(count + 1);
  await expect(predictions(page).getByRole('cell', { name: 'negative', exact: true })).toHaveCount(
    count
  );
  await predictions(page).getByRole('link').first().click();
  await expect(page).toHaveURL(/\/items\//);
  await page.goBack();
  await expect(predictions(page).getByRole('row').nth(1)).toBeVisible();

  // Two labels have a curve; and labels that the field does not know can't be right.
  const labels = page.getByRole('textbox', { name: 'Labels' });
  await labels.fill('positive\nnegative');
  await page.getByRole('button', { name: 'Classify' }).click();
  const curve = page.getByRole('figure', { name: 'Precision–recall curve for positive' });
  await curve.getByText('As a table').click();
  await expect(curve.getByRole('row').last()).toContainText('1.000');
  await labels.fill('Good\nBad');
  await page.getByRole('button', { name: 'Classify' }).click();
  await expect(page.getByText(/None of the labels is written as the field has it/)).toBeVisible();
  expect((await accuracy(page)).right).toBe(0);

  // What was typed is there as long as the tab is.
  await page.reload();
  await expect(labels).toHaveValue('Good\nBad');
});

test('labelled items teach: by neighbours and by centroids, judged fairly', async ({ page }) => {
  await openReviews(page);
  await page.getByRole('radio', { name: 'From examples' }).check();
  await page.getByRole('combobox', { name: 'Learn from' }).selectOption('sentiment');
  await page.getByRole('combobox', { name: 'True label' }).selectOption('sentiment');
  await page.getByRole('button', { name: 'Classify' }).click();
  await expect(
    predictions(page).getByRole('columnheader', { name: '5 nearest neighbours' })
  ).toBeVisible();
  const byNeighbours = await accuracy(page);
  expect(byNeighbours.total).toBe(122);
  // Were items among their own neighbours, nearly all would be right.
  expect(byNeighbours.right).toBeLessThan(110);
  await page.getByRole('combobox', { name: 'Decide by' }).selectOption('Nearest centroid');
  await page.getByRole('combobox', { name: 'Judge by' }).selectOption('Split 80 : 20');
  await page.getByRole('button', { name: 'Classify' }).click();
  await expect(
    predictions(page).getByRole('columnheader', { name: 'Nearest centroid' })
  ).toBeVisible();
  const byCentroid = await accuracy(page);
  expect(byCentroid.total).toBeGreaterThanOrEqual(23);
  expect(byCentroid.total).toBeLessThanOrEqual(26);
});

test('a handful of examples marked by hand is enough, and they are kept', async ({ page }) => {
  await openReviews(page);
  await page.getByRole('radio', { name: 'From examples' }).check();
  await page.getByRole('button', { name: 'Classify' }).click();
  await expect(page.getByText('There are no examples of two different labels yet.')).toBeVisible();
  for (const [label, words] of [
    ['noise', 'noise cancelling'],
    ['water', 'leaking']
  ]) {
    await page
      .getByRole('textbox', { name: 'Label', exact: true })
      .or(page.getByRole('combobox', { name: 'Label', exact: true }))
      .fill(label!);
    await page.getByRole('combobox', { name: 'Item to mark' }).fill(words!);
    await page.getByRole('listbox').getByRole('option').first().click();
  }
  await expect(page.getByRole('list', { name: 'Marked items' }).getByRole('listitem')).toHaveCount(
    2
  );
  await page.getByRole('button', { name: 'Classify' }).click();
  await expect(predictions(page).getByRole('row')).toHaveCount(51);
  await predictions(page).getByRole('combobox').first().selectOption('water');
  await page.reload();
  await page.getByRole('radio', { name: 'From examples' }).check();
  await expect(page.getByRole('list', { name: 'Marked items' }).getByRole('listitem')).toHaveCount(
    3
  );
});

test('predictions are kept as a field, which filters know', async ({ page }) => {
  await openReviews(page);
  await page.getByRole('textbox', { name: 'Labels' }).fill('good\nbad');
  await page.getByRole('button', { name: 'Classify' }).click();
  await expect(predictions(page).getByRole('row')).toHaveCount(51);
  const good = page.getByRole('combobox', { name: 'Show' });
  await good.selectOption('good');
  const shown = await page
    .getByText(/^\d+ items$/)
    .last()
    .textContent();
  const name = page.getByRole('textbox', { name: 'Name of the field' });
  await name.fill('sentiment');
  await page.getByRole('button', { name: 'Keep as a field' }).click();
  await expect(page.getByText('The items have a field “sentiment” already.')).toBeVisible();
  await name.fill('mood');
  await page.getByRole('button', { name: 'Keep as a field' }).click();
  await expect(page.getByText(/Kept as “mood”/)).toBeVisible();

  await page.reload();
  await page.getByRole('link', { name: 'Search', exact: true }).click();
  await page.getByRole('searchbox', { name: 'Search' }).fill('a kettle');
  await page.getByRole('searchbox', { name: 'Search' }).press('Enter');
  const filter = page.getByRole('region', { name: 'Filter' });
  await filter.getByRole('button', { name: 'Filter', exact: true }).click();
  await filter.getByRole('button', { name: 'Edit as JSON' }).click();
  await filter
    .getByRole('textbox', { name: 'Filter JSON' })
    .fill('{"mood": "good", "mood score": {"$gt": -2}}');
  await expect(filter.getByRole('status')).toHaveText(`${parseInt(shown!)} of 122 items`);
});

test('what is unsure is not kept, and a label given by hand is kept as it was given', async ({
  page
}) => {
  await openReviews(page);
  await page.getByRole('radio', { name: 'From examples' }).check();
  // One item for each label: told by the other alone, each would have the wrong label.
  for (const [label, words] of [
    ['noise', 'noise cancelling'],
    ['water', 'leaking']
  ]) {
    await page.getByRole('combobox', { name: 'Label', exact: true }).fill(label!);
    await page.getByRole('combobox', { name: 'Item to mark' }).fill(words!);
    await page.getByRole('listbox').getByRole('option').first().click();
  }
  const marked = page.getByRole('list', { name: 'Marked items' }).getByRole('listitem');
  await expect(marked).toHaveCount(2);
  await page.getByRole('button', { name: 'Classify' }).click();
  await expect(predictions(page).getByRole('row')).toHaveCount(51);
  await page.getByRole('spinbutton', { name: /Unsure below/ }).fill('2');
  await page.getByRole('textbox', { name: 'Name of the field' }).fill('topic');
  await page.getByRole('button', { name: 'Keep as a field' }).click();
  await expect(page.getByText('120 items that are unsure have none.')).toBeVisible();
  await page.getByRole('link', { name: 'Search', exact: true }).click();
  const filter = page.getByRole('region', { name: 'Filter' });
  await filter.getByRole('button', { name: 'Filter', exact: true }).click();
  await filter.getByRole('button', { name: 'Edit as JSON' }).click();
  await filter.getByRole('textbox', { name: 'Filter JSON' }).fill('{"topic": "water"}');
  await expect(filter.getByRole('status')).toHaveText('1 of 122 items');
  await page.getByRole('searchbox', { name: 'Search' }).fill('leaking');
  await page.getByRole('searchbox', { name: 'Search' }).press('Enter');
  const results = page.getByRole('list', { name: 'Results', exact: true });
  await expect(results.getByRole('heading')).toHaveText(/leaking/);
  await expect(results).toContainText(/topic\s*water/);
});

test('classifying is called off while the labels are awaited; what was there before stays', async ({
  page,
  context,
  standIn
}) => {
  await routeOpenAI(context, standIn);
  await enterKey(page);
  await openFile(page, 'reviews.csv', 'id,review\n1,good and quiet\n2,bad and loud\n');
  await page
    .getByRole('combobox', { name: 'Embedding model' })
    .selectOption('text-embedding-3-small');
  await embed(page);
  await page.getByRole('link', { name: 'Classify', exact: true }).click();
  const labels = page.getByRole('textbox', { name: 'Labels' });
  await labels.fill('good\nbad');
  await page.getByRole('button', { name: 'Classify' }).click();
  await expect(predictions(page).getByRole('row')).toHaveCount(3);
  const gate = await Gate.hold(context, { after: 0 });
  await labels.fill('quiet\nloud');
  await page.getByRole('button', { name: 'Classify' }).click();
  await expect.poll(() => gate.held).toBe(1);
  await expect(page.getByRole('progressbar', { name: 'Classifying' })).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('progressbar', { name: 'Classifying' })).toHaveCount(0);
  await expect(page.getByRole('combobox', { name: 'Show' })).toContainText('good');
  gate.open();
  await page.getByRole('button', { name: 'Classify' }).click();
  await expect(page.getByRole('combobox', { name: 'Show' })).toContainText('quiet');
});

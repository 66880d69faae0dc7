import type { Page } from '@playwright/test';
import { embed, estimate, openFile, results, search } from './journey.ts';
import { expect, test } from './support.ts';

const issues = (page: Page) => page.getByRole('list', { name: 'Issues' }).getByRole('listitem');
const preview = (page: Page) => page.getByRole('region', { name: 'Preview' });

test('a further file is added under the same template; known ids are replaced, generated ones never clash', async ({
  page
}) => {
  await page.goto('/');
  await openFile(
    page,
    'notes.csv',
    'key,text\na,Apples are ripe in autumn\nb,Bees make honey in summer\n'
  );
  await page.getByRole('combobox', { name: 'Item id' }).selectOption('key');
  await page.getByRole('textbox', { name: 'Text template' }).fill('{text}');
  await expect(estimate(page)).toContainText('2 items');
  await embed(page);

  await page.getByRole('link', { name: 'Add a file' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Add to notes' })).toBeVisible();
  await drop(
    page,
    'more.csv',
    'key,text,colour\nb,Bears sleep in winter,brown\nc,Cherries bloom in spring,pink\n'
  );
  await expect(page.getByRole('textbox', { name: 'Text template' })).toHaveCount(0);
  await expect(page.getByText('{text}', { exact: true })).toBeVisible();
  await expect(estimate(page)).toContainText('2 items');
  await embed(page);
  await expect(page.getByText(/^3 items/)).toBeVisible();

  expect((await search(page, 'cherries bloom in spring'))[0]!.similarity).toBe('1.000');
  expect((await search(page, 'apples are ripe in autumn'))[0]!.similarity).toBe('1.000');
  await expect(results(page)).toContainText('Bears sleep in winter');
  await expect(results(page)).not.toContainText('Bees make honey');
});

test('items that are numbered by us keep their numbers when more are added', async ({ page }) => {
  await page.goto('/');
  await openFile(page, 'one.txt', 'A red kite\n\nA blue boat\n');
  await expect(estimate(page)).toContainText(/\d items?/);
  const first = Number(/(\d+) item/.exec((await estimate(page).textContent())!)![1]);
  await embed(page);
  await page.getByRole('link', { name: 'Add a file' }).click();
  await drop(page, 'two.txt', 'A green train\n\nA yellow balloon\n');
  await expect(estimate(page)).toContainText(/\d items?/);
  const second = Number(/(\d+) item/.exec((await estimate(page).textContent())!)![1]);
  await embed(page);
  await expect(page.getByText(new RegExp(`^${first + second} items`))).toBeVisible();
  await search(page, 'a red kite');
  await expect(results(page)).toContainText('A red kite');
  await expect(results(page)).toContainText('A green train');
});

test('JSON with nested fields and lists is flattened, and reached by path', async ({ page }) => {
  await page.goto('/');
  const articles = [
    { id: 1, title: 'Tides', author: { name: 'Ada' }, features: ['moon', 'sea'] },
    { id: 2, title: 'Dunes', author: { name: 'Bo' }, features: ['wind', 'sand', 'sun'] }
  ];
  await openFile(page, 'articles.json', JSON.stringify({ meta: { n: 2 }, articles }));
  await page
    .getByRole('textbox', { name: 'Text template' })
    .fill('{title} by {author.name}: {features}');
  await expect(preview(page)).toContainText('Tides by Ada: moon, sea');
  await expect(preview(page)).toContainText('Dunes by Bo: wind, sand, sun');
  await embed(page);
  await search(page, 'wind and sand');
  const first = results(page).getByRole('listitem').first();
  await expect(first).toContainText('Dunes');
  await expect(first).toContainText('author.name');
});

test('a semicolon table with a BOM, quoted line breaks, ragged and blank rows: the lines are the file’s own', async ({
  page
}) => {
  await page.goto('/');
  await openFile(
    page,
    'table.csv',
    '\uFEFFname;text\r\none;"first\nsecond"\r\n\r\ntwo;plain;too much\r\nthree\r\nfour;last\r\n'
  );
  await expect(estimate(page)).toContainText(/\d items/);
  await expect(page.getByRole('combobox', { name: 'Item id' })).toContainText('name');
  await expect(issues(page).filter({ hasText: 'Line 5' })).toHaveCount(1);
  await expect(issues(page).filter({ hasText: 'Line 6' })).toHaveCount(1);
  await expect(preview(page)).toContainText(/first\s+second/);
});

test('tab-separated values are told from commas inside them', async ({ page }) => {
  await page.goto('/');
  await openFile(page, 'list.tsv', 'name\ttext\nA\tone, two, three\nB\tfour, five\n');
  await page.getByRole('textbox', { name: 'Text template' }).fill('{text}');
  await expect(preview(page)).toContainText('one, two, three');
  await expect(estimate(page)).toContainText('2 items');
});

test('a bad line of JSON Lines is listed, and the rest is read', async ({ page }) => {
  await page.goto('/');
  await openFile(page, 'log.jsonl', '{"text":"one"}\n{"text":\n\n{"text":"three"}\n');
  await expect(estimate(page)).toContainText('2 items');
  await expect(issues(page)).toHaveCount(1);
  await expect(issues(page)).toContainText('Line 2');
});

test('Markdown is cut into passages at its headings, and they stand together among the results', async ({
  page
}) => {
  await page.goto('/');
  const chapter = (subject: string) =>
    `## About ${subject}\n\n${`The ${subject} of our village is known to everyone here. `.repeat(60)}\n\n`;
  await openFile(
    page,
    'village.md',
    `# The village\n\n${['mill', 'bakery', 'harbour', 'school'].map(chapter).join('')}`
  );
  await expect(estimate(page)).toContainText(/\d+ items/);
  await embed(page);
  await search(page, 'the bakery of our village');
  const list = results(page);
  await expect(list).toContainText(/Passage \d of \d+/);
  await expect(list.getByText('village.md', { exact: true })).toHaveCount(1);
  await expect(list).toContainText(/\d+ passages/);
});

test('pasted text is read as what it is', async ({ page }) => {
  await page.goto('/#/new');
  const use = page.getByRole('button', { name: 'Use this text' });
  await expect(use).toBeDisabled();
  await page.getByRole('textbox', { name: 'Pasted text' }).fill('id,name\n1,Anna\n2,Otto\n');
  await use.click();
  await expect(estimate(page)).toContainText('2 items');
  await expect(page.getByRole('combobox', { name: 'Item id' })).toHaveValue('id');
  await embed(page);
  expect((await search(page, 'Otto'))[0]!.title).toContain('Otto');
});

test('a file that can’t be read is refused in a sentence, and another may be chosen at once', async ({
  page
}) => {
  await page.goto('/#/new');
  const file = page.getByLabel('Data file');
  const refused = page.getByRole('alert');
  const bytes = Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) % 256));
  await file.setInputFiles({ name: 'photo.csv', mimeType: 'text/csv', buffer: bytes });
  await expect(refused).toContainText(/\w+ .*\./);
  await file.setInputFiles({
    name: 'broken.json',
    mimeType: 'application/json',
    buffer: Buffer.from('[{"a": 1},\n {"a": }]')
  });
  await expect(refused).toContainText(/line 2/i);
  await file.setInputFiles({ name: 'empty.csv', mimeType: 'text/csv', buffer: Buffer.from('') });
  await expect(refused).toContainText(/empty|nothing|no /i);
  await expect(page.getByRole('button', { name: 'Embed', exact: true })).toHaveCount(0);

  await drop(page, 'good.csv', 'id,text\n1,fine\n');
  await expect(refused).toHaveCount(0);
  await expect(estimate(page)).toContainText('1 item');
});

test('a file that can’t be read does not replace the draft of one that could', async ({ page }) => {
  await page.goto('/');
  await openFile(page, 'good.csv', 'id,text\n1,fine\n');
  await expect(estimate(page)).toContainText('1 item');
  await page.getByRole('link', { name: 'Collections' }).first().click();
  await page
    .getByLabel('Data file')
    .setInputFiles({ name: 'broken.json', mimeType: '', buffer: Buffer.from('{"a": ') });
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Name', exact: true })).toHaveValue('good');
  await embed(page);
});

for (const [where, address] of [
  ['home', '/'],
  ['New collection', '/#/new']
] as const) {
  test(`a file is dropped on ${where}`, async ({ page }) => {
    await page.goto(address);
    await drop(page, 'dropped.csv', 'id,text\n1,dropped here\n2,and there\n');
    await expect(page).toHaveURL(/#\/new$/);
    await expect(preview(page)).toContainText('dropped here');
    await expect(estimate(page)).toContainText('2 items');
  });
}

test('a wrong template says what is wrong, and nothing can be embedded until it is right', async ({
  page
}) => {
  await page.goto('/');
  await openFile(page, 'good.csv', 'id,text\n1,fine\n');
  const template = page.getByRole('textbox', { name: 'Text template' });
  await template.fill('{text');
  await expect(template).toHaveAttribute('aria-invalid', 'true');
  await expect(template).toHaveAccessibleDescription(/\w+ .*\./);
  await expect(page.getByRole('button', { name: 'Embed', exact: true })).toBeDisabled();
  await template.fill('{text}');
  await expect(template).toHaveAttribute('aria-invalid', 'false');
  await embed(page);
});

test('very long titles and many fields stay within the page', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto('/');
  const fields = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`field_with_a_long_name_${i}`, 'w'.repeat(20 * i)])
  );
  const items = [{ title: 'Unbroken'.repeat(60), text: 'word '.repeat(3000), ...fields }];
  await openFile(page, `${'long-name-'.repeat(15)}.json`, JSON.stringify(items));
  await expect(estimate(page)).toContainText('1 item');
  await expectNoSidewaysScroll(page);
  await embed(page);
  await search(page, 'word');
  await expectNoSidewaysScroll(page);
  await page.getByRole('link', { name: 'Collections' }).first().click();
  await expect(page.getByRole('list', { name: 'Collections' })).toContainText('long-name');
  await expectNoSidewaysScroll(page);
});

async function expectNoSidewaysScroll(page: Page): Promise<void> {
  expect(
    await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  ).toBeLessThanOrEqual(0);
}

/** Drops a file where the file input is, as from a file manager. */
async function drop(page: Page, name: string, content: string): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    ([fileName, text]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text!], fileName!));
      return transfer;
    },
    [name, content]
  );
  const zone = page.getByLabel('Data file');
  await zone.dispatchEvent('dragenter', { dataTransfer });
  await zone.dispatchEvent('dragover', { dataTransfer });
  await zone.dispatchEvent('drop', { dataTransfer });
}

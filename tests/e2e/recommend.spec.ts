import type { Page } from '@playwright/test';
import { embedText } from '../support/openai-server/vectors.ts';
import { embed, enterKey, openFile, routeOpenAI } from './journey.ts';
import { expect, test } from './support.ts';

interface Product {
  id: string;
  title: string;
  short_description: string;
  price: number;
  details: { brand: string; features: string[] };
}

const KINDS = ['kettle', 'tent', 'lamp', 'bicycle', 'backpack'];
const BRANDS = ['Nord', 'Alba', 'Kite', 'Rook'];
const FEATURES = ['steel', 'foldable', 'waterproof', 'light', 'rechargeable', 'silent'];

/** Twenty products, whose features are nested. */
const PRODUCTS: Product[] = Array.from({ length: 20 }, (_, n) => ({
  id: `p${n + 1}`,
  title: `${BRANDS[n % 4]} ${KINDS[n % 5]} ${n + 1}`,
  short_description: `A ${FEATURES[n % 6]} ${KINDS[n % 5]} for every day.`,
  price: 10 + 7 * n,
  details: { brand: BRANDS[n % 4]!, features: [FEATURES[n % 6]!, FEATURES[(n * 5 + 2) % 6]!] }
}));

const textOf = ({ title, short_description, details }: Omit<Product, 'id' | 'price'>) =>
  `${title}: ${short_description} ${details.features.join(', ')}`;
const TEMPLATE = '{title}: {short_description} {details.features}';

const MODEL = 'text-embedding-3-small';
const vectorOf = (product: Product) => embedText(MODEL, textOf(product), 1536);

/** What lies nearest to the mean of some vectors, worked out by hand. */
function byHand(history: Float32Array[], seen: string[]) {
  const mean = new Float64Array(1536);
  for (const vector of history) vector.forEach((value, d) => (mean[d]! += value / history.length));
  const length = Math.sqrt(mean.reduce((sum, value) => sum + value * value, 0));
  return PRODUCTS.filter(({ id }) => !seen.includes(id))
    .map((product) => {
      const cosine =
        vectorOf(product).reduce((sum, value, d) => sum + value * mean[d]!, 0) / length;
      return { title: product.title, cosine };
    })
    .sort((a, b) => b.cosine - a.cosine)
    .map(({ title, cosine }) => ({ title, similarity: cosine.toFixed(3) }));
}

async function openProducts(page: Page): Promise<void> {
  await openFile(page, 'products.json', JSON.stringify({ products: PRODUCTS }));
  await page.getByRole('combobox', { name: 'Embedding model' }).selectOption(MODEL);
  await page.getByRole('textbox', { name: 'Text template' }).fill(TEMPLATE);
  await page.getByRole('combobox', { name: 'Item id' }).selectOption('id');
  await embed(page);
  await page.getByRole('link', { name: 'Recommend', exact: true }).click();
}

/** The recommendations on the page, once they are there. */
async function recommended(page: Page) {
  const list = page.getByRole('list', { name: 'Recommendations' });
  await expect(list).toHaveAttribute('aria-busy', 'false');
  const entries = list.getByRole('listitem').filter({ has: page.getByRole('heading') });
  await expect(entries.first()).toBeVisible();
  return entries.evaluateAll((elements) =>
    elements.map((element) => ({
      title: element.querySelector('h3')!.textContent.trim(),
      similarity: /[−-]?[01]\.\d{3}/.exec(element.textContent)![0]
    }))
  );
}

async function like(page: Page, words: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Add liked item' }).fill(words);
  await page.getByRole('option', { name: words }).first().click();
}

test.beforeEach(async ({ page, context, standIn }) => {
  await routeOpenAI(context, standIn);
  await enterKey(page);
});

test('a history of items leads to what lies nearest to its mean, but for what was seen', async ({
  page
}) => {
  await openProducts(page);
  const seen = PRODUCTS.slice(2, 6);
  await page.getByText('From a history').click();
  await page.getByRole('textbox', { name: 'Pasted history' }).fill(JSON.stringify(seen));
  await page.getByRole('button', { name: 'Use this history' }).click();
  await expect(page.getByText('4 entries added, all of them in this collection.')).toBeVisible();
  await expect(
    page.getByRole('list', { name: 'Liked', exact: true }).getByRole('listitem')
  ).toHaveCount(4);
  const expected = byHand(
    seen.map(vectorOf),
    seen.map(({ id }) => id)
  );
  expect(expected).toHaveLength(16);
  expect(await recommended(page)).toEqual(expected);
  // They are still liked after a reload; and their ids alone say as much.
  await page.reload();
  expect(await recommended(page)).toEqual(expected);
  await page.getByRole('button', { name: 'Start anew' }).click();
  await page.getByText('From a history').click();
  await page
    .getByRole('textbox', { name: 'Pasted history' })
    .fill(JSON.stringify([...seen, { id: 'unknown' }].map(({ id }) => ({ id }))));
  await page.getByRole('button', { name: 'Use this history' }).click();
  await expect(
    page.getByText('1 record without a text under the template left out.')
  ).toBeVisible();
  expect(await recommended(page)).toEqual(expected);
});

test('a history of things that are not in the collection is embedded with its template', async ({
  page,
  standIn
}) => {
  await openProducts(page);
  standIn.ledger.clear();
  const history: Product[] = [
    { ...PRODUCTS[3]!, id: 'x1', title: 'Old bicycle', short_description: 'Rusty but silent.' },
    { ...PRODUCTS[8]!, id: 'x2', title: 'Camping tent', short_description: 'For two, waterproof.' }
  ];
  await page.getByText('From a history').click();
  await page.getByLabel('History file').setInputFiles({
    name: 'history.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(history))
  });
  // Nothing is bought before its price has been told.
  await expect(
    page.getByText(/2 entries, none of them in this collection ·\s+\d+ tokens to buy · < \$0\.0001/)
  ).toBeVisible();
  expect(standIn.ledger.requests).toHaveLength(0);
  await page.getByRole('button', { name: 'Use this history' }).click();
  await expect(page.getByText('2 entries added, none of them in this collection.')).toBeVisible();
  expect(await recommended(page)).toEqual(byHand(history.map(vectorOf), []));
  expect(standIn.ledger.texts()).toEqual(history.map(textOf));
});

test('one item is enough, a dislike leads away, and each answer names its reason', async ({
  page
}) => {
  await openProducts(page);
  const tent = PRODUCTS[1]!;
  await like(page, tent.title);
  expect(await recommended(page)).toEqual(byHand([vectorOf(tent)], [tent.id]));
  const list = page.getByRole('list', { name: 'Recommendations' });
  await expect(list.getByText(`because you liked ${tent.title}`).first()).toBeVisible();
  await expect(list.getByText('100%').first()).toBeVisible();

  const [nearest] = await recommended(page);
  await page.getByRole('button', { name: `Dislike ${nearest!.title}` }).click();
  await expect(page.getByRole('list', { name: 'Disliked' })).toContainText(nearest!.title);
  const after = (await recommended(page)).map(({ title }) => title);
  expect(after).not.toContain(nearest!.title);
  expect(after).toHaveLength(18);
});

test('diversity changes what is recommended, and none keeps the nearest first', async ({
  page
}) => {
  await openProducts(page);
  await like(page, PRODUCTS[0]!.title);
  const plain = await recommended(page);
  const slider = page.getByRole('slider', { name: 'Diversity' });
  await slider.fill('0.8');
  await expect
    .poll(async () => (await recommended(page)).map(({ title }) => title))
    .not.toEqual(plain.map(({ title }) => title));
  expect((await recommended(page))[0]).toEqual(plain[0]);
  await slider.fill('0');
  await expect.poll(() => recommended(page)).toEqual(plain);
});

test('a filter applies, an item has a page, and the taste is still there on the way back', async ({
  page
}) => {
  await openProducts(page);
  await like(page, PRODUCTS[0]!.title);
  const filter = page.getByRole('region', { name: 'Filter' });
  await filter.getByRole('button', { name: 'Filter', exact: true }).click();
  await filter.getByRole('button', { name: 'Edit as JSON' }).click();
  await filter.getByRole('textbox', { name: 'Filter JSON' }).fill('{"price": {"$lt": 40}}');
  await expect.poll(async () => (await recommended(page)).length).toBe(4);

  const [first] = await recommended(page);
  await page.getByRole('link', { name: first!.title, exact: true }).click();
  await expect(page.getByRole('heading', { level: 2, name: first!.title })).toBeVisible();
  const neighbours = page.getByRole('list', { name: 'Neighbours' }).getByRole('listitem');
  await expect(neighbours).toHaveCount(8);
  await page.getByRole('link', { name: 'Recommend from this' }).click();
  const liked = page.getByRole('list', { name: 'Liked', exact: true }).getByRole('listitem');
  await expect(liked).toHaveCount(2);
  await page.getByRole('link', { name: 'Search', exact: true }).click();
  await page.getByRole('link', { name: 'Recommend', exact: true }).click();
  await expect(liked).toHaveCount(2);
});

test('items are liked, weighed and taken out by keyboard alone', async ({ page }) => {
  await openProducts(page);
  const box = page.getByRole('combobox', { name: 'Add liked item' });
  await box.focus();
  await page.keyboard.type('tent');
  await expect(page.getByRole('option')).toHaveCount(4);
  await page.keyboard.press('ArrowDown');
  const second = await page.locator('[role=option][aria-selected=true] bdi').first().textContent();
  await page.keyboard.press('Enter');
  const liked = page.getByRole('list', { name: 'Liked', exact: true });
  await expect(liked.getByRole('link', { name: second! })).toBeVisible();
  await expect(box).toBeFocused();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('combobox', { name: `Weight of ${second}` })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(liked).toContainText('Nothing yet.');
  await expect(liked).toBeFocused();

  // A rated answer leaves the list; the focus goes on to the next one.
  await box.focus();
  await page.keyboard.type('tent');
  await expect(page.getByRole('option')).toHaveCount(4);
  await page.keyboard.press('Enter');
  const likes = page
    .getByRole('list', { name: 'Recommendations' })
    .getByText('Like', { exact: true });
  await likes.first().focus();
  await page.keyboard.press('Enter');
  await expect(liked.getByRole('listitem')).toHaveCount(2);
  await expect(likes.first()).toBeFocused();
});

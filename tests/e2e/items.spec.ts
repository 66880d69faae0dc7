import type { Page } from '@playwright/test';
import {
  embed,
  enterKey,
  filmsCsv,
  Gate,
  listed,
  openFile,
  routeOpenAI,
  search
} from './journey.ts';
import { busyTasks, expect, test } from './support.ts';

const grid = (page: Page) => page.getByRole('grid', { name: 'Items' });
const shown = (page: Page) => page.getByRole('status', { name: 'Items shown' });

/** The titles that are on the screen, from the top. */
async function titles(page: Page): Promise<string[]> {
  await expect(grid(page)).toHaveAttribute('aria-busy', 'false');
  return grid(page).locator('[role=gridcell][aria-colindex="1"] a').allTextContents();
}

async function openFilms(page: Page, csv = filmsCsv(30), model?: string): Promise<void> {
  await openFile(page, 'films.csv', csv);
  if (model) await page.getByRole('combobox', { name: 'Embedding model' }).selectOption(model);
  await page.getByRole('textbox', { name: 'Text template' }).fill('{title}: {description}');
  await page.getByRole('combobox', { name: 'Item id' }).selectOption('show_id');
  await embed(page);
  await openItems(page);
}

async function openItems(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  await expect(grid(page).getByRole('link').first()).toBeVisible();
}

async function edit(page: Page, title: string, field: string, value: string): Promise<void> {
  await page.getByRole('button', { name: `Edit ${title}`, exact: true }).click();
  await page.getByRole('dialog').getByLabel(field, { exact: true }).fill(value);
}

const save = (page: Page) => page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();

test.describe('with Built-in', () => {
  test.beforeEach(({ page }) => page.goto('/'));

  test('items are sorted, found by words and by a filter, and counted', async ({ page }) => {
    await openFilms(page);
    await expect(shown(page)).toHaveText('30 items');
    const header = grid(page).getByRole('columnheader', { name: 'title' });
    await header.getByRole('button').click();
    await expect(header).toHaveAttribute('aria-sort', 'ascending');
    // The numbers in titles by their size.
    await expect
      .poll(async () => (await titles(page)).slice(0, 3))
      .toEqual(['Film 1', 'Film 2', 'Film 3']);
    await header.getByRole('button').click();
    await expect.poll(async () => (await titles(page))[0]).toBe('Film 30');

    await page.getByRole('searchbox', { name: 'Find in the items' }).fill('hospital western');
    await expect(shown(page)).toHaveText('1 of 30 items');
    await page.getByRole('searchbox', { name: 'Find in the items' }).fill('');
    const filter = page.getByRole('region', { name: 'Filter' });
    await filter.getByRole('button', { name: 'Filter', exact: true }).click();
    await filter.getByRole('button', { name: 'Edit as JSON' }).click();
    await filter.getByRole('textbox', { name: 'Filter JSON' }).fill('{"type": "western"}');
    await expect(shown(page)).toHaveText('6 of 30 items');
  });

  test('an edited text is found by its new words and no more by its old ones', async ({ page }) => {
    await openFilms(page);
    await edit(page, 'Film 3', 'description', 'A lighthouse keeper befriends a walrus.');
    await expect(
      page.getByRole('dialog').getByText(/^New text: \d+ tokens, free\.$/)
    ).toBeVisible();
    await save(page);
    await expect(page.getByText('Changed “Film 3”.')).toBeVisible();
    await expect(shown(page)).toHaveText('30 items');
    await page.getByRole('link', { name: 'Search', exact: true }).click();
    expect((await search(page, 'walrus lighthouse'))[0]!.title).toBe('Film 3');
    await page.reload();
    expect((await search(page, 'walrus lighthouse'))[0]!.title).toBe('Film 3');

    await openItems(page);
    await page.getByRole('button', { name: 'Edit Film 3', exact: true }).click();
    await expect(page.getByRole('dialog').getByLabel('description')).toHaveValue(/walrus/);
  });

  test('an item is added, and one without a text or with a taken id is refused, with nothing lost', async ({
    page
  }) => {
    await openFilms(page);
    await page.getByRole('button', { name: 'Add item' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Id', { exact: true }).fill('s7');
    await save(page);
    await expect(dialog.getByText('There is nothing to embed: all fields')).toBeVisible();
    await dialog.getByLabel('title', { exact: true }).fill('A film about glaciers');
    await save(page);
    await expect(dialog.getByText('There is an item with the id “s7” already.')).toBeVisible();
    await dialog.getByLabel('Id', { exact: true }).fill('new/one?');
    await save(page);
    await expect(dialog).toHaveCount(0);
    await expect(shown(page)).toHaveText('31 items');

    // The same id once more replaces the item, when that is wanted.
    await page.getByRole('button', { name: 'Add item' }).click();
    await dialog.getByLabel('Id', { exact: true }).fill('s7');
    await dialog.getByLabel('title', { exact: true }).fill('Another seventh film');
    await save(page);
    await dialog.getByRole('button', { name: 'Replace it' }).click();
    await expect(page.getByText('Replaced “Another seventh film”.')).toBeVisible();
    await expect(shown(page)).toHaveText('31 items');
    await expect(grid(page).getByText('Film 7', { exact: true })).toHaveCount(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(grid(page).getByText('Film 7', { exact: true })).toBeVisible();
    await page.getByRole('searchbox', { name: 'Find in the items' }).fill('glaciers');
    await grid(page).getByRole('link', { name: 'A film about glaciers' }).click();
    await expect(
      page.getByRole('heading', { level: 2, name: 'A film about glaciers' })
    ).toBeVisible();
    await page.getByRole('link', { name: 'More like this' }).first().click();
    await expect(page.getByText('Nearest to')).toBeVisible();
  });

  test('deleted items are gone from everywhere, and Undo brings them back one by one', async ({
    page
  }) => {
    await openFilms(page);
    await page.getByRole('button', { name: 'Delete Film 1', exact: true }).click();
    await expect(page.getByText('Deleted “Film 1”.')).toBeVisible();
    await page.getByRole('button', { name: 'Delete Film 2', exact: true }).click();
    await expect(shown(page)).toHaveText('28 items');
    await expect(page.getByText('28 items · Built-in')).toBeVisible();
    await page.getByRole('link', { name: 'Search', exact: true }).click();
    expect((await search(page, 'Film 1')).map(({ title }) => title)).not.toContain('Film 1');

    await openItems(page);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByText('Undone: Deleted “Film 2”.')).toBeVisible();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByRole('button', { name: 'Undo' })).toHaveCount(0);
    await expect(shown(page)).toHaveText('30 items');
    await page.reload();
    await expect(shown(page)).toHaveText('30 items');
    await page.getByRole('link', { name: 'Search', exact: true }).click();
    expect((await search(page, 'Film 1')).map(({ title }) => title)).toContain('Film 1');
  });

  test('pasted items take the place of those with their ids; pasted twice, nothing changes', async ({
    page
  }) => {
    await openFilms(page);
    const items = [
      { show_id: 's2', title: 'Film 2', type: 'opera', description: 'Sung on an iceberg.' },
      { show_id: 's99', title: 'Film 99', type: 'drama', description: 'A quiet year.' }
    ];
    await page.getByRole('button', { name: 'Paste items' }).click();
    const dialog = page.getByRole('dialog');
    const paste = async (words: string) => {
      await dialog.getByRole('textbox', { name: 'Pasted items' }).fill(JSON.stringify(items));
      await dialog.getByRole('button', { name: 'Add or replace' }).click();
      await expect(dialog.getByText(words)).toBeVisible();
    };
    await paste('1 item added, 1 replaced, 0 as they were.');
    await expect(shown(page)).toHaveText('31 items');
    await paste('0 items added, 0 replaced, 2 as they were.');
    // Nothing that could be embedded, and nothing that is not in this collection, gets in.
    const pasted = dialog.getByRole('textbox', { name: 'Pasted items' });
    await pasted.fill('hello world');
    await expect(dialog.getByText('No record has a text')).toBeVisible();
    await expect(dialog.getByRole('button', { name: 'Add or replace' })).toBeDisabled();
    await pasted.fill('[{"show_id": "s2", "title": "Film 2", "mood": "glad"}]');
    await expect(dialog.getByText('Not in this collection, and left out: “mood”.')).toBeVisible();
    await dialog.getByRole('button', { name: 'Add or replace' }).click();
    await expect(dialog.getByText('0 items added, 1 replaced')).toBeVisible();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await expect(grid(page).getByText('opera')).toHaveCount(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByText('Undone: Pasted 1 item.')).toBeVisible();
    await expect(grid(page).getByText('opera')).toBeVisible();
    await page.getByRole('link', { name: 'Search', exact: true }).click();
    expect((await search(page, 'iceberg opera'))[0]!.title).toBe('Film 2');
  });

  test('the grid is walked, opened, edited and cleared by keyboard alone', async ({ page }) => {
    await openFilms(page);
    await grid(page).focus();
    const active = () =>
      grid(page).evaluate((element) => {
        const id = element.getAttribute('aria-activedescendant')!;
        return document.getElementById(id)?.textContent.trim();
      });
    await page.keyboard.press('ArrowDown');
    await expect.poll(active).toBe('Film 2');
    await page.keyboard.press('Control+End');
    await page.keyboard.press('Home');
    await expect.poll(active).toBe('Film 30');
    await page.keyboard.press('Delete');
    await expect(page.getByText('Deleted “Film 30”.')).toBeVisible();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog', { name: 'Edit “Film 1”' })).toBeVisible();
    await page.keyboard.press('Escape');
    await grid(page).focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/items\/s1$/);
  });

  test('another tab follows, and an item changed there is not written over', async ({
    page,
    context
  }) => {
    await openFilms(page);
    const other = await context.newPage();
    await other.goto(page.url());
    await expect(shown(other)).toHaveText('30 items');
    await page.getByRole('button', { name: 'Edit Film 5', exact: true }).click();
    await edit(other, 'Film 5', 'type', 'musical');
    await save(other);
    await expect(other.getByText('Changed “Film 5”.')).toBeVisible();
    await page.getByRole('dialog').getByLabel('type', { exact: true }).fill('ballet');
    await save(page);
    await expect(page.getByText('This item was changed or deleted meanwhile')).toBeVisible();
    await expect(page.getByRole('dialog').getByLabel('type', { exact: true })).toHaveValue(
      'ballet'
    );
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Edit Film 5', exact: true }).click();
    await expect(page.getByRole('dialog').getByLabel('type', { exact: true })).toHaveValue(
      'musical'
    );
  });

  test('20,000 items are scrolled, sorted and searched without holding up the page', async ({
    page
  }) => {
    await openFilms(page, filmsCsv(20_000));
    const ended = await busyTasks(page);
    await expect(shown(page)).toHaveText('20,000 items');
    await grid(page).focus();
    for (let n = 0; n < 10; n++) await page.keyboard.press('PageDown');
    await page.keyboard.press('Control+End');
    await expect.poll(async () => (await titles(page)).at(-1)).toBe('Film 20000');
    await grid(page).getByRole('columnheader', { name: 'title' }).getByRole('button').click();
    await grid(page).getByRole('columnheader', { name: 'title' }).getByRole('button').click();
    await page.keyboard.press('Control+Home');
    await page.getByRole('searchbox', { name: 'Find in the items' }).pressSequentially('hospital');
    await expect(shown(page)).toHaveText('3,333 of 20,000 items');
    expect(await ended()).toEqual([]);
  });
});

test.describe('with a model that is paid for', () => {
  test.beforeEach(async ({ page, context, standIn }) => {
    await routeOpenAI(context, standIn);
    await enterKey(page);
  });

  test('only a changed text is bought, and its price is told before', async ({ page, standIn }) => {
    await openFilms(page, filmsCsv(12), 'text-embedding-3-small');
    standIn.ledger.clear();
    await edit(page, 'Film 4', 'type', 'farce');
    await expect(page.getByText('The text stays the same: nothing to embed.')).toBeVisible();
    await save(page);
    await expect(page.getByText('Changed “Film 4”.')).toBeVisible();
    await expect(grid(page).getByText('farce')).toBeVisible();
    expect(standIn.ledger.requests).toHaveLength(0);

    await edit(page, 'Film 4', 'description', 'Somebody learns the harp.');
    await expect(page.getByText(/^New text: \d+ tokens, < \$0\.0001\.$/)).toBeVisible();
    await save(page);
    await expect.poll(() => standIn.ledger.texts()).toEqual(['Film 4: Somebody learns the harp.']);
    await expect(grid(page).getByText('waits for its vector')).toHaveCount(0);
    await expect(shown(page)).toHaveText('12 items');
  });

  test('pasted items are priced before they are bought', async ({ page, standIn }) => {
    await openFilms(page, filmsCsv(12), 'text-embedding-3-small');
    standIn.ledger.clear();
    await page.getByRole('button', { name: 'Paste items' }).click();
    const dialog = page.getByRole('dialog');
    const pasted = dialog.getByRole('textbox', { name: 'Pasted items' });
    await pasted.fill('[{"title": "Film 99"');
    await expect(dialog.getByRole('alert')).toBeVisible();
    await expect(dialog.getByRole('button', { name: 'Add or replace' })).toBeDisabled();
    await pasted.fill('[{"show_id": "s99", "title": "Film 99", "description": "A quiet year."}]');
    await expect(dialog.getByText(/^1 item · \d+ tokens to buy · < \$0\.0001$/)).toBeVisible();
    expect(standIn.ledger.requests).toHaveLength(0);
    await dialog.getByRole('button', { name: 'Add or replace' }).click();
    await expect.poll(() => standIn.ledger.texts()).toEqual(['Film 99: A quiet year.']);
  });

  test('an edit during a run is embedded after it, without a word from the reader', async ({
    page,
    context,
    standIn
  }) => {
    await openFilms(page, filmsCsv(12), 'text-embedding-3-small');
    const gate = await Gate.hold(context, { after: 0 });
    await edit(page, 'Film 4', 'description', 'First of two.');
    await save(page);
    await expect.poll(() => gate.held).toBe(1);
    await edit(page, 'Film 6', 'description', 'Second of two.');
    await save(page);
    // Both wait, and their old texts are found meanwhile.
    await expect(grid(page).getByText('waits for its vector')).toHaveCount(2);
    await expect(page.getByText('12 items · text-embedding-3-small')).toBeVisible();
    gate.open();
    await expect(grid(page).getByText('waits for its vector')).toHaveCount(0);
    expect(standIn.ledger.texts()).toContain('Film 6: Second of two.');
  });

  test('an edit that was cut off by a closed tab goes on when the tab is open again', async ({
    page,
    context
  }) => {
    await openFilms(page, filmsCsv(12), 'text-embedding-3-small');
    const gate = await Gate.hold(context, { after: 0 });
    await edit(page, 'Film 4', 'description', 'Kept through a reload.');
    await save(page);
    await expect.poll(() => gate.held).toBe(1);
    await page.reload();
    gate.drop();
    await expect(grid(page).getByText('waits for its vector')).toHaveCount(1);
    await expect(page.getByText('12 items · text-embedding-3-small')).toBeVisible();
    await enterKey(page);
    await (await listed(page, 'films')).getByRole('link', { name: 'films', exact: true }).click();
    await openItems(page);
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect(grid(page).getByText('waits for its vector')).toHaveCount(0);
  });
});

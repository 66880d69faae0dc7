import { embed, openFile, results, search } from './journey.ts';
import { xssJourney } from '../support/walk/xss-journey.ts';
import { xssPayloads } from '../support/xss-payloads.ts';
import { expect, test } from './support.ts';

test('texts that want to be code stay texts, on every page and wherever they come from', async ({
  page,
  baseURL
}) => {
  test.setTimeout(180_000);
  const payloads = xssPayloads(40, 1);
  expect(await xssJourney(page, { url: baseURL!, payloads, presses: 10 })).toEqual([]);
});

test('an address of the web in a field is a link in a tab of its own, and nothing else is one', async ({
  page
}) => {
  await page.goto('/#/');
  await openFile(
    page,
    'pages.json',
    JSON.stringify([
      { title: 'Good', url: 'https://example.org/page' },
      { title: 'Bad', url: 'javascript:alert(1)' },
      { title: 'Masked', url: 'https://bank.example@evil.example/' }
    ])
  );
  await embed(page);
  await search(page, 'Good Bad Masked');
  const links = results(page).locator('dd a');
  await expect(links).toHaveCount(1);
  await expect(links).toHaveAttribute('href', 'https://example.org/page');
  await expect(links).toHaveAttribute('rel', 'noopener noreferrer');
  await expect(links).toHaveAttribute('target', '_blank');
});

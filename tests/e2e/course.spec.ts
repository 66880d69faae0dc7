import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { embed, estimate, openFile, results, search } from './journey.ts';
import { expect, TEST_KEY, test as base } from './support.ts';

const test = base.extend<{
  /** Starts the page with its proxy beside it, as `npm start` does; the stand-in is its upstream. */
  startCourse: (env?: Record<string, string>) => Promise<string>;
}>({
  startCourse: async ({ standIn }, use) => {
    const ends: (() => Promise<void>)[] = [];
    await use(async (set = {}) => {
      const folder = await mkdtemp(join(tmpdir(), 'course-'));
      const env = {
        ...process.env,
        PORT: '0',
        OPENAI_API_KEY: TEST_KEY,
        OPENAI_BASE_URL: standIn.baseUrl,
        PROXY_STATE: join(folder, 'budget.jsonl'),
        ...set
      };
      const server = spawn(process.execPath, ['src/site/start.ts', '--built'], { env });
      const ended = new Promise((resolve) => server.once('close', resolve));
      ends.push(async () => {
        server.kill();
        await ended;
        await rm(folder, { recursive: true, force: true });
      });
      return new Promise<string>((resolve, reject) => {
        let said = '';
        server.stdout.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          const [, at] = /Semblance is at (\S+)/.exec(said) ?? [];
          if (at) resolve(at);
        });
        void ended.then(() => reject(new Error(`The server ended: ${said}`)));
      });
    });
    for (const end of ends) await end();
  }
});

/** Chooses a file on New collection. */
async function choose(page: Page, url: string, csv: string): Promise<void> {
  await page.goto(`${url}#/new`);
  await page
    .getByLabel('Data file')
    .setInputFiles({ name: 'films.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
}

const FILMS = 'title,description\nFrost,A glacier wakes.\nBread,A baker dreams.\n';

test('a learner needs no key: the course token is chosen, waits when it is told to, and finds', async ({
  page,
  standIn,
  startCourse
}) => {
  const courseUrl = await startCourse();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await choose(page, courseUrl, FILMS);
  await expect(page.getByRole('combobox', { name: 'Embedding model' })).toHaveValue(
    'text-embedding-3-small'
  );
  standIn.faults.next({ kind: 'rate-limit', ms: 1000, retryAfter: 'seconds' });
  await page.getByRole('button', { name: 'Embed', exact: true }).click();
  await expect(page).toHaveURL(/search$/);
  expect((await search(page, 'Frost: A glacier wakes.'))[0]!.title).toBe('Frost');
  await expect(results(page).getByRole('heading')).toHaveCount(2);
  // Nobody else was asked, and the page never had the key.
  expect(asked.filter((url) => !url.startsWith(courseUrl) && /^https?:/.test(url))).toEqual([]);
  for (const { headers } of standIn.ledger.requests) {
    expect(headers['authorization']).toBe(`Bearer ${TEST_KEY}`);
    expect(headers['origin']).toBeUndefined();
  }
});

test('a learner creates an embedding with the placeholder, is told to pause, waits, and sees it from inside', async ({
  page,
  standIn,
  startCourse
}) => {
  await page.goto(`${await startCourse()}#/inspect`);
  await expect(page.getByRole('combobox', { name: 'Provider' })).toHaveValue('course');
  await expect(page.getByText(/This shared token has 500,000 tokens left today/)).toBeVisible();
  standIn.faults.next({ kind: 'rate-limit', ms: 1500, retryAfter: 'seconds' });
  await page.getByRole('textbox', { name: 'Text' }).fill('A glacier wakes.\n\nA baker dreams.');
  await page.getByRole('button', { name: 'Create embedding' }).click();

  const response = page.getByRole('region', { name: 'Response' });
  await expect(response.getByText('RateLimitError', { exact: true })).toBeVisible();
  await expect(
    response.getByText(/^Pause for a moment and try again: going on in \d+ s/)
  ).toBeVisible();
  await expect(response.getByText('"upstream_rate_limit"')).toBeVisible();

  await expect(response.getByText('"list"')).toBeVisible();
  await expect(response.getByText('"text-embedding-3-small"')).toBeVisible();
  await expect(response.getByText('1,536 numbers')).toBeVisible();
  const [refused, answered] = standIn.ledger.requests;
  expect(refused!.status).toBe(429);
  expect(answered!.at - refused!.at).toBeGreaterThanOrEqual(1500);
  expect(answered!.inputs).toEqual(['A glacier wakes.', 'A baker dreams.']);
  await expect(response.getByText(`${answered!.tokens} tokens`, { exact: true })).toBeVisible();
  await expect(page.getByRole('table', { name: 'Similarity' }).getByRole('row')).toHaveCount(3);
  await expect(
    page.getByText(`This shared token has ${(500_000 - answered!.tokens).toLocaleString('en-US')}`)
  ).toBeVisible();
});

test('a run keeps to what the proxy takes in one request, and tells what is left', async ({
  page,
  standIn,
  startCourse
}) => {
  const url = await startCourse({ PROXY_MAX_INPUTS: '7', PROXY_BURST: '100' });
  const rows = Array.from({ length: 40 }, (_, n) => `Film ${n},A tale of the number ${n}.`);
  await choose(page, url, `title,description\n${rows.join('\n')}\n`);
  await expect(page.getByText(/The shared token has 500,000 tokens left today/)).toBeVisible();
  await embed(page);
  const sizes = standIn.ledger.requests.map(({ inputs }) => inputs.length);
  expect(Math.max(...sizes)).toBe(7);
  expect(sizes.reduce((a, b) => a + b)).toBe(40);
});

test('a run that is more than the day has left is told before, stops with a reason, and keeps what it has', async ({
  page,
  startCourse
}) => {
  const url = await startCourse({
    PROXY_DAILY_TOKENS_PER_CLIENT: '500',
    PROXY_MAX_INPUTS: '5',
    PROXY_CONCURRENCY: '1'
  });
  const rows = Array.from({ length: 60 }, (_, n) => `Film ${n},A tale of the number ${n} at sea.`);
  await choose(page, url, `title,description\n${rows.join('\n')}\n`);
  await expect(estimate(page)).toContainText('tokens');
  await expect(page.getByText(/The shared token has 500 left today/)).toBeVisible();
  await page.getByRole('button', { name: 'Embed', exact: true }).click();
  await expect(page.getByText('The shared token has too few tokens left for today.')).toBeVisible();
  await expect(page.getByText(/Go on after midnight UTC, in /)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
  await expect(page.getByText(/: [1-9]\d? of 60 embedded/)).toBeVisible();
});

test('a proxy without a key is told in a sentence, and the page works without it', async ({
  page,
  startCourse
}) => {
  const url = await startCourse({ OPENAI_API_KEY: '' });
  // Whoever hosts the page named the proxy, and forgot its key.
  await page.route('**/semblance.json', (route) => route.fulfill({ json: { proxyUrl: './v1' } }));
  await page.goto(`${url}#/inspect`);
  await expect(page.getByText(/the course’s proxy, which has no key of its own yet/)).toBeVisible();
  await page.goto(`${url}#/settings`);
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.getByText('The course’s proxy has no key of its own yet.')).toBeVisible();
  // What the page knows of the proxy by now decides what it proposes.
  await openFile(page, 'films.csv', FILMS);
  await expect(page.getByRole('combobox', { name: 'Embedding model' })).toHaveValue('built-in');
  await embed(page);
  await expect(results(page)).toBeVisible();
});

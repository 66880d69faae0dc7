import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { results, search } from './journey.ts';
import { expect, TEST_KEY, test as base } from './support.ts';

const test = base.extend<{ courseUrl: string }>({
  /** The page with its proxy beside it, as `npm start` serves both; the stand-in is its upstream. */
  courseUrl: async ({ standIn }, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'course-'));
    const env = {
      ...process.env,
      PORT: '0',
      OPENAI_API_KEY: TEST_KEY,
      OPENAI_BASE_URL: standIn.baseUrl,
      PROXY_STATE: join(folder, 'budget.jsonl')
    };
    const server = spawn(process.execPath, ['src/site/start.ts', '--built'], { env });
    const ended = new Promise((resolve) => server.once('close', resolve));
    const url = await new Promise<string>((resolve, reject) => {
      let said = '';
      server.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        const [, at] = /Semblance is at (\S+)/.exec(said) ?? [];
        if (at) resolve(at);
      });
      void ended.then(() => reject(new Error(`The server ended: ${said}`)));
    });
    await use(url);
    server.kill();
    await ended;
    await rm(folder, { recursive: true });
  }
});

test('a learner needs no key: the course token is chosen, waits when it is told to, and finds', async ({
  page,
  standIn,
  courseUrl
}) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${courseUrl}#/new`);
  await page.getByLabel('Data file').setInputFiles({
    name: 'films.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('title,description\nFrost,A glacier wakes.\nBread,A baker dreams.\n')
  });
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

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page, Worker } from '@playwright/test';
import { serve } from '../../src/proxy/node-server.ts';
import { staticHandler } from '../../src/site/static-handler.ts';
import { startBareHost } from '../support/bare-host.ts';
import { graphReady, readResults, results, search, useServer } from './journey.ts';
import { expect, test } from './support.ts';

const BUILD = join(import.meta.dirname, '../../build');
const ELSEWHERE = 'https://elsewhere.example/';
const REPORTS = '/refusals';

test.beforeEach(async ({ context }) => {
  // Whoever is allowed to call it is answered, so that a failure is the policy's doing.
  await context.route(`${ELSEWHERE}**`, (route) =>
    route.fulfill({ body: 'answered', headers: { 'access-control-allow-origin': '*' } })
  );
});

/** What code in a page or worker can do that it should not. */
interface Powers {
  elsewhere: string;
  evaluates: string;
  /** Addresses at which it may start a worker. */
  starts: string;
}

function powers(of: Page | Worker): Promise<Powers> {
  const look = async (url: string) => {
    const elsewhere = await fetch(url).then(
      (response) => response.text(),
      () => 'refused'
    );
    // Later, since what a debugger evaluates may evaluate.
    const evaluates = await new Promise<string>((resolve) => {
      setTimeout(() => {
        try {
          resolve(String(new Function('return "ran"')()));
        } catch {
          resolve('refused');
        }
      });
    });
    const starts = ['data:text/javascript,0', `${url}x.js`, './files.json'].filter((address) => {
      try {
        new globalThis.Worker(address);
        return true;
      } catch {
        return false;
      }
    });
    return { elsewhere, evaluates, starts: starts.join() };
  };
  return 'workers' in of ? of.evaluate(look, ELSEWHERE) : of.evaluate(look, ELSEWHERE);
}

const NONE: Powers = { elsewhere: 'refused', evaluates: 'refused', starts: '' };

/** Scripts of the built workers, by name. */
async function workerScripts(): Promise<Map<string, string>> {
  const files = JSON.parse(await readFile(join(BUILD, 'files.json'), 'utf8')) as { path: string }[];
  const scripts = files.flatMap(({ path }) => {
    const name = /^_app\/immutable\/workers\/([a-z]+)\.worker-/.exec(path)?.[1];
    return name ? [[name, path] as const] : [];
  });
  return new Map(scripts);
}

/** Starts one of the site's workers, beside those that the page has. */
async function startWorker(page: Page, script: string): Promise<Worker> {
  const started = page.waitForEvent('worker', (worker) => worker.url().endsWith(script));
  await page.evaluate((path) => {
    const worker = new globalThis.Worker(new URL(path, document.baseURI), { type: 'module' });
    // One that nobody knows may be cleared away.
    Object.assign(globalThis, { [path]: worker });
  }, script);
  return started;
}

async function expectWorkersBound(page: Page): Promise<void> {
  const scripts = await workerScripts();
  expect([...scripts.keys()].sort()).toEqual(
    ['embedding', 'engine', 'hnsw', 'import', 'items', 'regex', 'shard', 'table'].sort()
  );
  for (const [name, script] of scripts) {
    const worker = await startWorker(page, script);
    const expected = name === 'embedding' ? { ...NONE, elsewhere: 'answered' } : NONE;
    expect(await powers(worker), name).toEqual(expected);
  }
}

test('the page and its workers call nobody else, evaluate nothing and start nothing foreign', async ({
  page
}) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  expect(await powers(page)).toEqual(NONE);
  await expectWorkersBound(page);
});

test('text never becomes markup: the page refuses it', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const sinks = await page.evaluate(() => {
    const attempts: Record<string, () => void> = {
      innerHTML: () => (document.createElement('p').innerHTML = '<b>x</b>'),
      srcdoc: () => (document.createElement('iframe').srcdoc = '<b>x</b>'),
      write: () => document.write('<b>x</b>'),
      script: () => (document.createElement('script').src = '/x.js'),
      handler: () => document.body.setAttribute('onclick', 'alert(1)')
    };
    return Object.entries(attempts).flatMap(([name, attempt]) => {
      try {
        attempt();
        return [name];
      } catch {
        return [];
      }
    });
  });
  expect(sinks).toEqual([]);
});

test('where the host sends no headers, the service worker binds the workers from the second visit on', async ({
  page
}) => {
  const host = await startBareHost();
  await page.goto(host.url);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  expect(await page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
  await expectWorkersBound(page);
  // It keeps nothing of what passes.
  expect(await page.evaluate(() => caches.keys())).toEqual([]);
  await host.close();
});

test.describe('without the service worker', () => {
  test.use({ serviceWorkers: 'block' });

  test('a host without headers leaves the workers their code’s own list', async ({ page }) => {
    const host = await startBareHost();
    await page.goto(host.url);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    expect(await powers(page)).toEqual(NONE);
    const script = (await workerScripts()).get('items')!;
    expect((await powers(await startWorker(page, script))).elsewhere).toBe('answered');
    await host.close();
  });
});

/** The site from a host that sends its headers, and is told of every refusal in a worker. */
const watched = test.extend<{ reports: string[] }>({
  reports: async ({ browserName: _ }, use) => use([]),
  baseURL: async ({ reports }, use) => {
    const site = staticHandler(BUILD);
    const host = await serve(
      async (request) => {
        if (new URL(request.url).pathname === REPORTS) {
          reports.push(await request.text());
          return new Response(null, { status: 204 });
        }
        const response = await site(request);
        const policy = response.headers.get('content-security-policy');
        response.headers.set('content-security-policy', `${policy}; report-uri ${REPORTS}`);
        return response;
      },
      { port: 0, host: '127.0.0.1' }
    );
    await use(`http://127.0.0.1:${host.port}`);
    await host.close();
  }
});

watched(
  'a whole journey meets no refusal, with and without the service worker',
  async ({ page, standIn, reports }) => {
    test.setTimeout(120_000);
    const refusals: string[] = [];
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted/.test(message.text())) refusals.push(message.text());
    });
    page.on('pageerror', (error) => refusals.push(error.message));
    for (const visit of ['first', 'second']) {
      await useServer(page, standIn);
      await page.getByRole('button', { name: 'Test connection' }).click();
      await expect(page.getByText(/tiny-embed answers: 64 dimensions/)).toBeVisible();
      await page.goto('/#/');
      await page.getByRole('button', { name: 'Try a sample' }).click();
      await expect(page).toHaveURL(/search$/);
      await search(page, `hold the temperature, ${visit}`);
      await graphReady(page);
      await page.getByRole('combobox', { name: 'Method' }).selectOption('HNSW');
      await readResults(page);
      await page.getByText('Refine', { exact: true }).click();
      await page.getByRole('slider', { name: 'Words or meaning' }).press('End');
      await expect(results(page).getByText(/no\. 1 by words/)).toBeVisible();
      await page.reload();
      await readResults(page);
    }
    expect(refusals).toEqual([]);

    // A worker that is refused something is heard; whatever the journey met was told before it.
    const worker = await startWorker(page, (await workerScripts()).get('hnsw')!);
    await worker.evaluate((url) => fetch(url).catch(() => undefined), ELSEWHERE);
    await expect.poll(() => reports.length).toBeGreaterThan(0);
    expect(reports.map((report) => blockedBy(report))).toEqual([ELSEWHERE]);
  }
);

function blockedBy(report: string): string {
  return (JSON.parse(report) as { 'csp-report': { 'blocked-uri': string } })['csp-report'][
    'blocked-uri'
  ];
}

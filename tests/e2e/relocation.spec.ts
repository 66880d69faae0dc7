import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { serve, type RunningServer } from '../../src/proxy/node-server.ts';
import type { BuiltFile } from '../../src/site/relocate.ts';
import { staticHandler } from '../../src/site/static-handler.ts';
import { expect, test } from './support.ts';

const BUILD = join(import.meta.dirname, '../../build');
/** A worker's own script; its chunks lie deeper. */
const WORKER = /^_app\/immutable\/workers\/[^/]+\.js$/;

for (const path of ['/', '/index.html', '/a/b/c/', '/a/b/c/index.html']) {
  test(`the site and its workers run when it is opened at ${path}`, async ({ page }) => {
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const host = await serveBelow(folder);
    const complaints = listenForComplaints(page);
    try {
      await page.goto(`http://127.0.0.1:${host.port}${path}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();

      const workers = (await builtFiles()).filter((file) => WORKER.test(file.path));
      expect(workers.length).toBeGreaterThan(0);
      for (const worker of workers) {
        expect(await answerOfWorker(page, worker.path), worker.path).toMatchObject({ id: 1 });
      }
      expect(complaints).toEqual([]);
    } finally {
      await host.close();
    }
  });
}

/** A static host that has the site in one of its folders, and nothing else. */
function serveBelow(folder: string): Promise<RunningServer> {
  const site = staticHandler(BUILD);
  return serve(
    async (request) => {
      const url = new URL(request.url);
      if (!url.pathname.startsWith(folder)) return new Response(null, { status: 404 });
      url.pathname = url.pathname.slice(folder.length - 1);
      return site(new Request(url, request));
    },
    { port: 0, host: '127.0.0.1' }
  );
}

/** What goes wrong in the page from now on: failed requests, errors, refusals by its policy. */
function listenForComplaints(page: Page): string[] {
  const complaints: string[] = [];
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return complaints;
}

async function builtFiles(): Promise<BuiltFile[]> {
  return JSON.parse(await readFile(join(BUILD, 'files.json'), 'utf8')) as BuiltFile[];
}

/** Starts a worker of the site in the page, and calls a method that none has: it has to refuse. */
function answerOfWorker(page: Page, path: string): Promise<unknown> {
  return page.evaluate(
    (script) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(new URL(script, document.baseURI), { type: 'module' });
        worker.onmessage = (event) => resolve(event.data);
        worker.onerror = (event) => reject(new Error(`not loaded: ${event.message}`));
        worker.postMessage({ kind: 'call', id: 1, method: 'none', args: [] });
      }),
    path
  );
}

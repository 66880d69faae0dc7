import type { Page } from '@playwright/test';
import { serve } from '../../src/proxy/node-server.ts';
import type { Fault } from '../support/openai-server.ts';
import { startOpenAIServer } from '../support/openai-server.ts';
import { pagesOf } from '../support/walk/pages.ts';
import { Sinks } from '../support/walk/sinks.ts';
import { open, walkPage } from '../support/walk/walker.ts';
import { embed, enterKey, filmsCsv, openFile, routeOpenAI, useServer } from './journey.ts';
import { expect, test } from './support.ts';

const KEY = 'sk-canary-7f3a9c2e51d84b06aa91';
const PASSPHRASE = 'heron ladder quartz umbrella';
/** Any provider's endpoint, as the browser addresses it: the one place where a key belongs. */
const SENT = /^authorization of POST (https:\/\/api\.openai\.com|http:\/\/127\.0\.0\.1:\d+)$/;

/** What the endpoint does wrong in the course of the journey, in turns. */
const FAULTS: Fault[] = [
  { kind: 'rate-limit', ms: 100 },
  { kind: 'server', status: 503 },
  { kind: 'server', status: 502, body: 'html' },
  { kind: 'not-json' },
  { kind: 'truncated' },
  { kind: 'reset' },
  { kind: 'wrong-count' },
  { kind: 'nan' },
  { kind: 'zero' },
  { kind: 'forbidden' },
  { kind: 'quota' }
];

/** A server that tells everybody the key it was sent, wherever it can. */
async function startTelltale() {
  const server = await serve(
    async (request) => {
      const key = request.headers.get('authorization') ?? 'none';
      const headers = {
        'access-control-allow-origin': '*',
        'access-control-allow-headers': '*, authorization',
        'access-control-expose-headers': '*',
        'x-request-id': key
      };
      if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers });
      const error = { message: `Is ${key} yours? ${key}`, type: key, param: key, code: key };
      return Response.json({ error, [key]: key }, { status: 401, headers });
    },
    { port: 0, host: '127.0.0.1' }
  );
  return { baseUrl: `http://127.0.0.1:${server.port}/v1`, close: () => server.close() };
}

const unlockWith = async (page: Page, words: string) => {
  await page.getByRole('textbox', { name: 'Passphrase' }).fill(words);
  await page.getByRole('textbox', { name: 'Passphrase' }).press('Enter');
};

test('a key is found nowhere but where its reader put it, through every page and error there is', async ({
  persistent
}) => {
  test.setTimeout(240_000);
  const standIn = await startOpenAIServer({ keys: [KEY] });
  const telltale = await startTelltale();
  const context = await persistent.open();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await routeOpenAI(context, standIn);
  const sinks = new Sinks({ key: KEY, passphrase: PASSPHRASE });
  sinks.watch(context);
  const page = context.pages()[0] ?? (await context.newPage());
  const onLook = (_: string, html: string) => sinks.look('page', html);
  const words = 'a mountain village';

  // The reader's part: a key, remembered, and something to look at.
  await enterKey(page, KEY);
  await page.getByRole('checkbox', { name: 'Remember on this device' }).check();
  await unlockWith(page, PASSPHRASE);
  await expect(page.getByText(/^Kept on this device, encrypted, and unlocked/)).toBeVisible();
  await openFile(page, 'films.csv', filmsCsv(12));
  await embed(page);
  const films = /#\/c\/(\w+)\//.exec(page.url())![1]!;

  // Every page is used, and what it asks for fails at first.
  for (const [n, address] of pagesOf([{ id: films, item: 's1' }]).entries()) {
    standIn.faults.clear();
    standIn.faults.next(FAULTS[n % FAULTS.length]!);
    await walkPage(page, address, { words, presses: 22, onLook });
  }
  await open(page, '#/inspect');
  await page.getByRole('combobox', { name: 'Provider' }).selectOption('OpenAI');
  for (const fault of FAULTS) {
    standIn.faults.next(fault);
    await page.getByRole('button', { name: 'Create embedding' }).click();
    await expect(page.getByRole('region', { name: 'Response' })).toHaveAttribute(
      'aria-busy',
      'false'
    );
    onLook('', await page.content());
  }

  // An endpoint that never answers; and the worker dies with the key in its hands.
  const response = page.getByRole('region', { name: 'Response' });
  const worker = page.workers().find((one) => one.url().includes('/embedding.worker-'))!;
  await worker.evaluate(() => {
    const patient = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = () => {
      AbortSignal.timeout = patient;
      return patient(500);
    };
  });
  standIn.faults.next({ kind: 'hang' });
  await page.getByRole('button', { name: 'Create embedding' }).click();
  await expect(response.getByText(/did not answer within/)).toBeVisible();
  onLook('', await page.content());
  standIn.faults.next({ kind: 'hang' });
  await page.getByRole('button', { name: 'Create embedding' }).click();
  await worker.evaluate(() => {
    setTimeout(() => {
      throw new Error('Out of memory.');
    });
  });
  await expect(response.getByText(/The embedding worker stopped/)).toBeVisible();
  onLook('', await page.content());
  await sinks.lookThroughStorage(page);

  // Servers that quote it, keys that are wrong, and ones that can't be sent.
  await useServer(page, telltale, { key: KEY });
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.getByText(/did not accept the API key/)).toBeVisible();
  for (const address of ['#/inspect', '#/new']) {
    await walkPage(page, address, { words, presses: 12, onLook });
  }
  for (const wrong of [`${KEY}x`, `${KEY} ${KEY}`, `${KEY}\u00e9`]) {
    await enterKey(page, wrong);
    await page.getByRole('button', { name: 'Test connection' }).click();
    await expect(
      page
        .getByRole('status')
        .getByText(/API key/)
        .first()
    ).toBeVisible();
    await open(page, '#/inspect');
    await page.getByRole('combobox', { name: 'Provider' }).selectOption('OpenAI');
    await page.getByRole('button', { name: 'Create embedding' }).click();
    await expect(
      page
        .getByRole('region', { name: 'Response' })
        .getByText(/API key/)
        .first()
    ).toBeVisible();
    onLook('', await page.content());
  }

  // Reloaded, and unlocked without a network.
  await open(page, '#/settings');
  await page.reload();
  await unlockWith(page, 'not the passphrase');
  await expect(page.getByRole('alert')).toBeVisible();
  await unlockWith(page, PASSPHRASE);
  await expect(page.getByText(/^Kept on this device, encrypted, and unlocked/)).toBeVisible();
  await context.setOffline(true);
  await context.route('https://api.openai.com/**', (route) => route.abort('internetdisconnected'));
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.getByText(/can't be reached|could not be loaded/)).toBeVisible();
  await walkPage(page, `#/c/${films}/search`, { words, presses: 6, onLook });
  await context.setOffline(false);
  await page.goBack();
  await sinks.lookThroughStorage(page);
  await persistent.close();
  sinks.lookThroughFiles(persistent.folder);
  await standIn.close();
  await telltale.close();

  const leaks = await sinks.leaks();
  expect(leaks.filter(({ where }) => !SENT.test(where))).toEqual([]);
  // It was sent to both, and the watch was watching.
  const sent = new Set(leaks.map(({ where }) => where));
  expect([...sent].length).toBe(2);
  for (const place of [
    'page',
    'clipboard',
    'download',
    'localStorage',
    'sessionStorage',
    'cookies'
  ]) {
    expect(sinks.looked.has(place), place).toBe(true);
  }
  expect(sinks.looked.get('IndexedDB items')).toBeGreaterThan(0);
  expect(sinks.looked.get('IndexedDB settings')).toBeGreaterThan(0);
  expect(sinks.looked.get('body of POST https://api.openai.com')).toBeGreaterThan(0);
  expect(
    [...sinks.looked.keys()].filter((place) => place.startsWith('file ')).length
  ).toBeGreaterThan(20);
});

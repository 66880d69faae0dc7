import { expect, type BrowserContext, type Page } from '@playwright/test';
import { serve, type RunningServer } from '../../../src/proxy/node-server.ts';
import { pagesOf } from './pages.ts';
import { open, walkPage } from './walker.ts';

/** A journey through the app with texts that want to be code. */
export interface XssJourney {
  /** Where the site is. */
  url: string;
  /** At least eight. */
  payloads: string[];
  /** Most controls pressed on a page. */
  presses: number;
}

/**
 * Puts the payloads wherever text comes from (fields and their names, ids, names of files and collections,
 * labels, questions, filters, models, addresses, the host's settings, the endpoint's answers), looks at
 * every page, and returns what came of it: nothing, if all is well.
 */
export async function xssJourney(page: Page, journey: XssJourney): Promise<string[]> {
  const { url, payloads, presses } = journey;
  const context = page.context();
  const watch = new Watch(page, url);
  const payload = (n: number) => payloads[n % payloads.length]!;
  const hostile = await startHostileEndpoint(payload);
  try {
    await context.route('**/semblance.json', (route) =>
      route.fulfill({ json: { title: payload(0), proxyUrl: payload(1), open: payload(2) } })
    );
    await page.goto(`${url}/#/`);
    const table = await stageTable(page, payloads);
    const pages = pagesOf([{ id: table, item: payload(3) }]);
    for (const [n, address] of pages.entries()) {
      await walkPage(page, address, {
        words: payload(n),
        presses,
        onLook: (at) => watch.note(at)
      });
      await watch.look();
    }
    await askHostile(page, hostile.port, payload);
    await watch.look();
    await stageJson(page, payloads);
    await watch.look();
    for (const n of [4, 5]) {
      const text = encodeURIComponent(payload(n));
      for (const address of [`c/${table}/search?q=${text}`, `c/${text}/search`, text]) {
        // Another address typed by hand is loaded anew.
        await page.goto('about:blank');
        await page.goto(`${url}/#/${address}`);
        await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible();
        watch.note(address);
        await watch.look();
      }
    }
    return watch.findings;
  } finally {
    await hostile.close();
    await context.unroute('**/semblance.json');
  }
}

/** A collection whose columns, cells, ids and name are payloads; returns its id. */
async function stageTable(page: Page, payloads: string[]): Promise<string> {
  // A file with a NUL in it is taken for no text; those of JSON are written out.
  const quoted = (text: string) => `"${text.replaceAll('"', '""').replaceAll('\0', '')}"`;
  const headers = payloads.slice(0, 4);
  const rows = payloads
    .slice(3)
    .map((first, n) =>
      headers.map((_, column) => (column === 0 ? first : payloads[(n + column) % payloads.length]!))
    );
  const csv = [headers, ...rows].map((cells) => cells.map(quoted).join()).join('\r\n');
  await open(page, '#/new');
  await page.getByLabel('Data file').setInputFiles({
    name: `${payloads[5]!.slice(0, 100)}.csv`,
    mimeType: 'text/csv',
    buffer: Buffer.from(csv)
  });
  // The names of columns may hold what a template means: it is written by hand.
  const template = page.getByRole('textbox', { name: 'Text template' });
  await expect(template).toBeVisible({ timeout: 30_000 });
  await page.getByRole('combobox', { name: 'Item id' }).selectOption({ index: 1 });
  await page.getByLabel('Name', { exact: true }).fill(payloads[6]!);
  await page.getByRole('button', { name: 'Embed', exact: true }).click();
  await expect(page).toHaveURL(/#\/c\/\w+\/search/);
  return /#\/c\/(\w+)\//.exec(page.url())![1]!;
}

/** The same texts as names and values of JSON, deep and on the way to the prototype. */
async function stageJson(page: Page, payloads: string[]): Promise<void> {
  const records = payloads.slice(0, 8).map((text) => {
    const record = { text, [text]: { [text]: text }, constructor: { prototype: { polluted: 1 } } };
    return JSON.stringify(record).replace('{', '{"__proto__":{"polluted":1},');
  });
  await open(page, '#/new');
  const another = page.getByRole('button', { name: 'Choose another file' });
  if (await another.isVisible()) await another.click();
  await page.getByLabel('Data file').setInputFiles({
    name: 'records.json',
    mimeType: 'application/json',
    buffer: Buffer.from(`[${records.join()}]`)
  });
  await expect(page.getByRole('textbox', { name: 'Text template' })).toBeVisible({
    timeout: 30_000
  });
}

/** Sets up an endpoint whose every word is a payload, and shows what it says. */
async function askHostile(page: Page, port: number, payload: (n: number) => string): Promise<void> {
  await open(page, '#/settings');
  await page.getByRole('radio', { name: 'OpenAI-compatible' }).check();
  await page.getByRole('textbox', { name: 'Base URL' }).fill(`http://127.0.0.1:${port}/v1`);
  await page.getByRole('textbox', { name: 'Model names' }).fill(payload(7).replaceAll(',', ' '));
  await page.getByRole('textbox', { name: 'Model names' }).press('Tab');
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.getByRole('button', { name: 'Test connection' })).toBeEnabled();
  await open(page, '#/inspect');
  await page.getByRole('combobox', { name: 'Provider' }).selectOption('OpenAI-compatible');
  for (let n = 0; n < 2; n++) {
    await page.getByRole('button', { name: 'Create embedding' }).click();
    await expect(page.getByRole('region', { name: 'Response' })).toHaveAttribute(
      'aria-busy',
      'false'
    );
  }
}

function startHostileEndpoint(payload: (n: number) => string): Promise<RunningServer> {
  let asked = 0;
  const headers = {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': '*, authorization',
    'access-control-expose-headers': '*'
  };
  return serve(
    async (request) => {
      if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers });
      const n = asked++;
      const said = { message: payload(n), type: payload(n + 1), param: payload(n + 2) };
      if (n % 2 === 0)
        return Response.json(
          { error: { ...said, code: payload(n + 3) } },
          { status: 400, headers }
        );
      const data = [
        { object: payload(n), index: 0, embedding: [0.6, 0.8], [payload(n)]: payload(n) }
      ];
      const { input } = (await request.json()) as { input: unknown };
      const count = Array.isArray(input) ? input.length : 1;
      const all = Array.from({ length: count }, (_, index) => ({ ...data[0], index }));
      return Response.json(
        { object: 'list', data: all, model: payload(n), usage: {} },
        { headers }
      );
    },
    { port: 0, host: '127.0.0.1' }
  );
}

/** Notices when text became more than text. */
class Watch {
  readonly findings: string[] = [];
  readonly #page: Page;
  #at = 'start';

  constructor(page: Page, site: string) {
    this.#page = page;
    const context: BrowserContext = page.context();
    page.on('dialog', (dialog) => {
      this.#find(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('pageerror', (error) => this.#find(`error ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted ?Type|Trusted[A-Z]/.test(message.text())) {
        this.#find(message.text());
      }
    });
    context.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      const isOurs = request.url().startsWith(site) || hostname === '127.0.0.1';
      if (/^(http|javascript)/.test(protocol) && !isOurs) this.#find(`request ${request.url()}`);
      if (protocol === 'data:' && /script|html/.test(request.url().slice(0, 40))) {
        this.#find(`request ${request.url().slice(0, 80)}`);
      }
    });
    page.on('framenavigated', (frame) => {
      if (!/^(about:blank|http:\/\/127\.0\.0\.1)/.test(frame.url()))
        this.#find(`at ${frame.url()}`);
    });
  }

  /** Where the journey is, for findings to come. */
  note(at: string): void {
    this.#at = at;
  }

  /** Looks for what must not be in the page. */
  async look(): Promise<void> {
    for (const found of await this.#page.evaluate(lookForCode)) this.#find(found);
  }

  #find(what: string): void {
    this.findings.push(`${this.#at}: ${what}`);
  }
}

/** What a page without foreign code does not have. */
function lookForCode(): string[] {
  const found: string[] = [];
  const { __xss: mark } = globalThis as { __xss?: unknown };
  if (mark !== undefined) found.push(`code ran: ${String(mark)}`);
  if ('polluted' in {}) found.push('the prototype is polluted');
  const foreign =
    'iframe, object, embed, base, frame, meta[http-equiv=refresh], main img, main video, main script, main style, main link, main template, math, animate';
  for (const element of document.querySelectorAll(foreign)) found.push(element.outerHTML);
  for (const element of document.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      const isCode = name.startsWith('on') || name === 'srcdoc';
      const isLink = /^(href|src|xlink:href|action|formaction|data)$/.test(name);
      // Blanks and control letters within a scheme are overlooked by browsers.
      const scheme = /^[\s\0-\x20]*([a-z\s\0-\x20]+):/i
        .exec(value)?.[1]
        ?.replace(/[\s\0-\x20]/g, '');
      if (isCode || (isLink && /^(javascript|data|vbscript)$/i.test(scheme ?? ''))) {
        found.push(`${element.localName} ${name}=${value.slice(0, 80)}`);
      }
      if (name === 'style' && /url\(/i.test(value)) found.push(`style=${value.slice(0, 80)}`);
    }
  }
  return found;
}

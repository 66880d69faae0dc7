import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page, Request } from '@playwright/test';
import { findSecret, secretForms, type SecretForm } from './secret-forms.ts';

/** A place where a secret was found. */
export interface Leak {
  secret: string;
  where: string;
  form: string;
}

/** Watches whatever leaves a browser's pages or stays in it, for secrets. */
export class Sinks {
  readonly #secrets: { name: string; forms: SecretForm[] }[];
  readonly #leaks = new Map<string, Leak>();
  /** Bytes looked at, so that a watch that sees nothing is noticed. */
  readonly looked = new Map<string, number>();
  /** Reading of bodies and downloads under way. */
  readonly #reading: Promise<void>[] = [];

  constructor(secrets: Record<string, string>) {
    this.#secrets = Object.entries(secrets).map(([name, secret]) => ({
      name,
      forms: secretForms(secret)
    }));
  }

  /** Watches a browser: requests, console, errors, dialogs, downloads of all its pages. */
  watch(context: BrowserContext): void {
    context.on('request', (request) => this.#reading.push(this.#readRequest(request)));
    context.on('console', (message) => this.look('console', message.text()));
    context.on('weberror', (error) => this.look('error', String(error.error().stack)));
    context.on('dialog', (dialog) => {
      this.look('dialog', dialog.message());
      void dialog.dismiss();
    });
    const watchPage = (page: Page) => {
      page.on('download', (download) => {
        this.look('download', `${download.suggestedFilename()} ${download.url()}`);
        this.#reading.push(
          download.path().then((path) => this.look('download', readFileSync(path)))
        );
      });
    };
    context.pages().forEach(watchPage);
    context.on('page', watchPage);
  }

  /** Looks through some text or bytes. */
  look(where: string, content: string | Buffer): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    this.looked.set(where, (this.looked.get(where) ?? 0) + bytes.length);
    for (const { name, forms } of this.#secrets) {
      for (const form of findSecret(bytes, forms)) {
        this.#leaks.set(`${name} ${where} ${form}`, { secret: name, where, form });
      }
    }
  }

  /** Looks through everything a page's origin keeps. */
  async lookThroughStorage(page: Page): Promise<void> {
    for (const { where, base64 } of await page.evaluate(readStorage)) {
      this.look(where, Buffer.from(base64, 'base64'));
    }
    const cookies = await page.context().cookies();
    this.look('cookies', JSON.stringify(cookies));
    this.look('clipboard', await page.evaluate(() => navigator.clipboard.readText()));
  }

  /** Looks through all files of a folder, such as the profile of a browser that was closed. */
  lookThroughFiles(folder: string): void {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      this.look(`file ${path.slice(folder.length + 1)}`, readFileSync(path));
    }
  }

  /** Every place where a secret was found, once all that was under way is read. */
  async leaks(): Promise<Leak[]> {
    await Promise.all(this.#reading);
    return [...this.#leaks.values()];
  }

  async #readRequest(request: Request): Promise<void> {
    const to = `${request.method()} ${new URL(request.url()).origin}`;
    this.look(`URL of ${to}`, request.url());
    this.look(`body of ${to}`, request.postDataBuffer() ?? Buffer.alloc(0));
    const headers = await request.allHeaders().catch(() => request.headers());
    for (const [name, value] of Object.entries(headers)) this.look(`${name} of ${to}`, value);
  }
}

/** All that is kept for this origin, as bytes: in the page, since only it can read them. */
async function readStorage(): Promise<{ where: string; base64: string }[]> {
  const found: { where: string; base64: string }[] = [];
  const add = async (where: string, part: BlobPart) => {
    const bytes = new Uint8Array(await new Blob([part]).arrayBuffer());
    let text = '';
    for (let at = 0; at < bytes.length; at += 32_768) {
      text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
    }
    found.push({ where, base64: btoa(text) });
  };
  /** Texts, numbers and bytes of a value, however deep. */
  const addValue = async (where: string, value: unknown): Promise<void> => {
    if (value instanceof Blob || value instanceof ArrayBuffer) await add(where, value);
    else if (ArrayBuffer.isView(value)) await add(where, value as Uint8Array<ArrayBuffer>);
    else if (value instanceof Map) await addValue(where, [...value]);
    else if (value instanceof Set) await addValue(where, [...value]);
    else if (typeof value === 'object' && value !== null) {
      await add(where, JSON.stringify(value));
      for (const one of Object.values(value)) {
        if (typeof one === 'object' && one !== null) await addValue(where, one);
      }
    } else await add(where, String(value));
  };
  for (const [name, storage] of Object.entries({ localStorage, sessionStorage })) {
    await add(name, JSON.stringify(Object.entries(storage)));
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const response = (await cache.match(request))!;
      const headers = JSON.stringify([...request.headers, ...response.headers]);
      await add('cache', request.url + headers);
      await add('cache', await response.blob());
    }
  }
  const result = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error as Error);
    });
  for (const { name } of await indexedDB.databases()) {
    const db = await result(indexedDB.open(name!));
    for (const store of db.objectStoreNames) {
      const objects = db.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([
        result(objects.getAllKeys()),
        result(objects.getAll())
      ]);
      await addValue(`IndexedDB ${store}`, [keys, values]);
    }
    db.close();
  }
  return found;
}

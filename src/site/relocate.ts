import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Adapter } from '@sveltejs/kit';
import { headersFile } from './headers.ts';

/*
 * SvelteKit's hash-router build asks for `/_app/…`, so it would run at the root of a host only. All
 * its scripts and styles already refer to each other relatively; what is left is `index.html`.
 */

/** A file of the site, as `files.json` lists it for the service worker. */
export interface BuiltFile {
  /** Relative to the site's folder, with `/`. */
  path: string;
  bytes: number;
  /** Of the content, hexadecimal. */
  sha256: string;
}

/** The list of the site's files, itself and the service worker excepted. Written last: its presence means a whole build. */
export const FILE_LIST = 'files.json';

/** Browsers keep it themselves, and look for a newer one at its host. */
const SERVICE_WORKER = 'service-worker.js';

/** What hosts such as Netlify and Cloudflare Pages are to send with each file; they don't serve it. */
const HEADERS_FILE = '_headers';

/**
 * Wraps an adapter that writes a static site to `folder`, so that the result runs under any path of
 * any static host, and writes {@link FILE_LIST}.
 * Throws when a reference to the host's root is left.
 */
export function relocatable(adapter: Adapter, folder: string): Adapter {
  return {
    ...adapter,
    async adapt(builder) {
      await adapter.adapt(builder);
      await relocate(folder);
    }
  };
}

/** Makes the site in `folder` relocatable, in place; see {@link relocatable}. */
export async function relocate(folder: string): Promise<void> {
  const index = join(folder, 'index.html');
  await writeFile(index, relocateHtml(await readFile(index, 'utf8')));
  const files: BuiltFile[] = [];
  for (const path of await listFiles(folder)) {
    const content = await readFile(join(folder, path));
    if (CODE.test(path)) refuseRootReference(path, content.toString());
    if (path !== SERVICE_WORKER)
      files.push({ path, bytes: content.length, sha256: sha256(content, 'hex') });
  }
  await writeFile(join(folder, HEADERS_FILE), headersFile(files.map(({ path }) => path)));
  await writeFile(join(folder, FILE_LIST), JSON.stringify(files, null, 1));
}

/**
 * The page with its own absolute URLs made relative, and the hashes of its inline scripts in the
 * content security policy computed anew. Throws when the policy lacks the hash of an inline script.
 */
export function relocateHtml(html: string): string {
  const policyChanges: [old: string, fresh: string][] = [];
  const relative = html
    .replace(/\b(href|src)=(["'])\/(?!\/)/g, '$1=$2./')
    .replace(/(<script>)([^]*?)(<\/script>)/g, (_, open: string, script: string, close: string) => {
      const moved = script.replace(/(["'`])\/(?=[\w.])/g, '$1./');
      policyChanges.push([scriptHash(script), scriptHash(moved)]);
      return open + moved + close;
    });
  return policyChanges.reduce((page, [old, fresh]) => {
    if (!page.includes(old))
      throw new Error('index.html: the policy lacks an inline script’s hash.');
    return page.replace(old, () => fresh);
  }, relative);
}

/** As a content security policy names an inline script. */
function scriptHash(script: string): string {
  return `'sha256-${sha256(script, 'base64')}'`;
}

function sha256(content: string | Uint8Array, encoding: 'hex' | 'base64'): string {
  return createHash('sha256').update(content).digest(encoding);
}

/** Files whose references count; data may say what it likes. */
const CODE = /\.(html|m?js|css|webmanifest)$/;
/** `/_app` where nothing (such as `${base}`) comes before it. */
const ROOT_REFERENCE = /(?<=["'`(=,\s])\/_app\b.{0,60}/;

function refuseRootReference(path: string, content: string): void {
  const found = ROOT_REFERENCE.exec(content);
  if (found) throw new Error(`${path} refers to the host's root: ${found[0]}`);
}

/** All files below `folder`, as sorted relative paths with `/`. */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, sep).length))
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path !== FILE_LIST && path !== HEADERS_FILE)
    .sort();
}

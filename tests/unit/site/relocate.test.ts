import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { relocate, relocateHtml, type BuiltFile } from '../../../src/site/relocate.ts';

const SCRIPT = '\n{ base: new URL(".", location) }; import("/_app/entry/start.js");\n';

function page(script: string, policyFor = script): string {
  const hash = createHash('sha256').update(policyFor).digest('base64');
  return `<meta http-equiv="content-security-policy" content="script-src 'self' 'sha256-${hash}'">
<link href="/_app/a.css" rel="stylesheet"><a href="//other.example/">x</a><a href="https://x.example/_app">y</a>
<div><script>${script}</script></div>`;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'build-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

test('own absolute URLs become relative; those of other hosts stay', () => {
  const html = relocateHtml(page(SCRIPT));
  expect(html).toContain('<link href="./_app/a.css"');
  expect(html).toContain('import("./_app/entry/start.js")');
  expect(html).toContain('href="//other.example/"');
  expect(html).toContain('href="https://x.example/_app"');
});

test('the policy allows the script as it is now, and no longer as it was', () => {
  const html = relocateHtml(page(SCRIPT));
  const script = /<script>([^]*)<\/script>/.exec(html)![1]!;
  const hashes = [script, SCRIPT].map((s) => createHash('sha256').update(s).digest('base64'));
  expect(html).toContain(`'sha256-${hashes[0]}'`);
  expect(html).not.toContain(`'sha256-${hashes[1]}'`);
});

test('a page whose policy does not know its script is refused', () => {
  expect(() => relocateHtml(page(SCRIPT, 'another script'))).toThrow('policy');
});

test('the site’s files are listed with size and hash, without the service worker', async () => {
  await put('index.html', page(SCRIPT));
  await put('_app/b/chunk.js', 'import "../a.js"; fetch(`${base}/_app/version.json`)');
  await put('a.txt', 'says "/_app/" and may');
  await put('service-worker.js', 'self.addEventListener("fetch", () => {})');
  await relocate(folder);
  const files = JSON.parse(await readFile(join(folder, 'files.json'), 'utf8')) as BuiltFile[];
  expect(files.map(({ path }) => path)).toEqual(['_app/b/chunk.js', 'a.txt', 'index.html']);
  expect(files[1]).toEqual({
    path: 'a.txt',
    bytes: 21,
    sha256: createHash('sha256').update('says "/_app/" and may').digest('hex')
  });
  const index = await readFile(join(folder, 'index.html'));
  expect(files[2]!.bytes).toBe(index.length);
});

test.each([
  ['chunk.js', 'import "/_app/a.js"'],
  ['chunk.js', 'new URL(`/_app/worker.js`, x)'],
  ['style.css', 'a { background: url(/_app/a.png) }'],
  ['manifest.webmanifest', '{ "icon": "/_app/icon.png" }']
])('a reference to the root of the host left in %s is refused: %s', async (path, content) => {
  await put('index.html', page(SCRIPT));
  await put(path, content);
  await expect(relocate(folder)).rejects.toThrow(`${path} refers to the host's root: /_app/`);
});

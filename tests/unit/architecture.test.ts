import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findBreaches, importsOf, readSources, type SourceFile } from '../support/architecture.ts';

const SRC = join(import.meta.dirname, '../../src');

test('the code keeps to the import rules of the design', () => {
  expect(findBreaches(readSources(SRC))).toEqual([]);
});

/** A house without a breach, and the breaches made-up files add to it. */
function breachesOf(...files: SourceFile[]): string[] {
  const house = [
    { path: 'lib/collection/store/database.ts', text: "import { openDB } from 'idb';" },
    { path: 'lib/index/hnsw.ts', text: "const load = () => import('hnswlib-wasm/lib/x.mjs');" },
    { path: 'lib/collection/filter/parse.ts', text: "import { parseTree } from 'jsonc-parser';" },
    { path: 'lib/embedding/openai.ts', text: "const load = () => import('openai');" },
    { path: 'lib/collection/sqlite.ts', text: "import('@sqlite.org/sqlite-wasm');" }
  ];
  return findBreaches([...house, ...files]);
}

describe('the checker', () => {
  test.each([
    ['lib/base/a.ts', "import type { Space } from '#lib/embedding/types.ts';"],
    ['lib/tasks/a.ts', "import { scan } from '#lib/index/exact.ts';"],
    ['lib/tasks/a.ts', "import {\n  scan,\n  type Method\n} from '../index/exact.ts';"],
    ['lib/collection/a.ts', "export { scan } from '#lib/index/exact.ts';"],
    ['lib/embedding/a.ts', "const store = () => import('#lib/collection/store/items.ts');"],
    ['lib/ui/A.svelte', "<script>\n  import { items } from '#lib/workers/clients.ts';\n</script>"],
    ['lib/state/a.svelte.ts', "import { ItemsApi } from '#lib/workers/items-api.ts';"],
    ['lib/workers/a.ts', "import '#lib/ui/tokens.css';"],
    ['routes/+page.svelte', "import { items } from '../lib/workers/clients.ts';"],
    ['site/a.ts', "import { dot } from '#lib/base/vector.ts';"],
    ['proxy/a.ts', "import { dot } from '#lib/base/vector.ts';"],
    ['lib/index/a.ts', "import { base } from '$service-worker';"],
    ['lib/unknown/a.ts', "import { dot } from '#lib/base/vector.ts';"]
  ])('names the file and the import when %s says %s', (path, text) => {
    const [breach, ...more] = breachesOf({ path, text });
    expect(breach).toContain(`${path} imports '${/['"]([^'"]+)['"]/.exec(text)![1]}'`);
    expect(more).toEqual([]);
  });

  test.each([
    ['lib/tasks/a.ts', "import type { Method } from '#lib/index/types.ts';"],
    ['lib/state/a.svelte.ts', "import type { ItemsApi } from '#lib/workers/items-api.ts';"],
    ['lib/state/a.svelte.ts', "import { items } from '#lib/workers/clients.ts';"],
    ['lib/workers/a.ts', "import { scan } from '#lib/index/exact.ts';"],
    ['lib/ui/A.svelte', "import { dot } from '#lib/base/vector.ts';\nimport B from './B.svelte';"],
    ['lib/base/a.ts', "/* import x from '#lib/ui/x.ts' */\n// import y from '#lib/ui/y.ts'"],
    ['service-worker.ts', "import { version } from '$service-worker';"],
    ['proxy/a.ts', "import { MODELS } from '#lib/embedding/catalogue.ts';"]
  ])('has nothing against %s that says %s', (path, text) => {
    expect(breachesOf({ path, text })).toEqual([]);
  });

  test.each([
    ['lib/ui/a.ts', "import { openDB } from 'idb';", "'idb' has to be imported in one file"],
    ['lib/ui/a.ts', "await import('openai/uploads');", "'openai' has to be imported in one file"],
    ['lib/server/a.ts', '', "is named 'server'"],
    ['lib/ui/server.ts', '', "is named 'server'"],
    ['lib/ui/A.svelte', '<p>{@html text}</p>', 'uses {@html}'],
    ['app.html', '<script src="https://cdn.example/x.js"></script>', 'another host']
  ])('objects to %s that says %s', (path, text, message) => {
    expect(breachesOf({ path, text })).toEqual([expect.stringContaining(message)]);
  });

  test('objects to a file that wants splitting', () => {
    const breaches = breachesOf({ path: 'lib/ui/a.ts', text: 'x\n'.repeat(351) });
    expect(breaches).toEqual([expect.stringContaining('lib/ui/a.ts has 351 lines')]);
  });

  test('misses no import of a package that has to be in one file', () => {
    const names = ['idb', 'hnswlib-wasm', 'jsonc-parser', 'openai', '@sqlite.org/sqlite-wasm'];
    expect(findBreaches([])).toEqual(names.map(expectNone));
  });

  test('tells values from types, whatever way they are imported', () => {
    const text = [
      "import type { A } from 'a';",
      "import b, { type B } from 'b';",
      "import * as c from 'c';",
      "export type { D } from 'd';",
      "export * from 'e';",
      "const f = import('f');",
      "import 'g';",
      "const text = 'import';"
    ].join('\n');
    const found = importsOf({ path: 'x.ts', text }).map(
      ({ specifier, typeOnly }) => `${specifier}${typeOnly ? ' type' : ''}`
    );
    expect(found.sort()).toEqual(['a type', 'b', 'c', 'd type', 'e', 'f', 'g']);
  });
});

function expectNone(name: string): unknown {
  return expect.stringContaining(`'${name}' has to be imported in one file, but is in: none`);
}

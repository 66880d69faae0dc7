import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';

/** A source file, by its path below `src` with `/`. */
export interface SourceFile {
  path: string;
  text: string;
}

/** One `import`, `export … from` or `import()`. */
export interface Import {
  /** As written. */
  specifier: string;
  /** `import type` and `export type`: gone when the code runs. */
  typeOnly: boolean;
}

/** What a part of the house may import, by paths below `src`: a file, or a folder and all in it. */
interface Permission {
  values: string[];
  /** Beyond `values`, by `import type` only. */
  types?: string[];
}

const DOMAINS = ['lib/embedding', 'lib/collection', 'lib/index'];

/** Plain tables and languages: what the page may know without asking a worker. */
const TABLES = [
  'lib/embedding/catalogue.ts',
  'lib/embedding/cost.ts',
  'lib/collection/samples.ts',
  'lib/collection/filter'
];

/** Who may import whom; the longest path that fits a file counts, and its own folder is always allowed. */
const PERMISSIONS: Record<string, Permission> = {
  '': { values: ['lib/base'] },
  routes: { values: ['app.css', 'lib/ui', 'lib/state', 'lib/base'], types: ['lib'] },
  site: { values: ['proxy', 'lib/base/policy.ts'] },
  proxy: { values: ['lib/embedding/catalogue.ts'] },
  'lib/base': { values: [] },
  'lib/embedding': { values: ['lib/base'], types: DOMAINS },
  'lib/collection': { values: ['lib/base'], types: DOMAINS },
  'lib/index': { values: ['lib/base'], types: DOMAINS },
  'lib/tasks': { values: ['lib/base'], types: DOMAINS },
  'lib/workers': { values: ['lib/base', ...DOMAINS, 'lib/tasks'] },
  'lib/state': {
    values: ['lib/base', 'lib/tasks', 'lib/workers/client.ts', 'lib/workers/clients.ts', ...TABLES],
    types: ['lib']
  },
  'lib/ui': { values: ['lib/base'], types: ['lib'] }
};

/** Packages that one file alone imports, so that they can be replaced there. */
const IN_ONE_FILE = ['idb', 'hnswlib-wasm', 'jsonc-parser', 'openai', '@sqlite.org/sqlite-wasm'];

const MAX_LINES = 350;

/** All files of a folder that hold code. */
export function readSources(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|js|svelte|html)$/.test(path))
    .map((path) => ({
      path: path.split(sep).join('/'),
      text: readFileSync(join(folder, path), 'utf8')
    }));
}

/** The imports of a file, in no particular order. */
export function importsOf({ text }: SourceFile): Import[] {
  const code = text.replace(/\/\*[^]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const statements = [
    /^\s*import\s+(?<type>type\s+)?(?:[\w$*{][^'";]*?\bfrom\s*)?['"](?<specifier>[^'"]+)['"]/gm,
    /^\s*export\s+(?<type>type\s+)?[*{][^'";]*?\bfrom\s*['"](?<specifier>[^'"]+)['"]/gm,
    /\bimport\s*\(\s*['"`](?<specifier>[^'"`]+)['"`]/g
  ].flatMap((pattern) => [...code.matchAll(pattern)]);
  return statements.map(({ groups }) => ({
    specifier: groups!.specifier!,
    typeOnly: groups!.type !== undefined
  }));
}

/** Every breach of DESIGN.md's rules about imports, names and sizes, as a sentence each. */
export function findBreaches(files: SourceFile[]): string[] {
  return [
    ...files.flatMap(importBreaches),
    ...IN_ONE_FILE.flatMap((name) => packageBreaches(name, files)),
    ...files.flatMap(fileBreaches)
  ];
}

function importBreaches(file: SourceFile): string[] {
  return importsOf(file).flatMap((one) => {
    const says = `${file.path} imports '${one.specifier}'`;
    if (one.specifier === '$service-worker' && file.path !== 'service-worker.ts') {
      return [`${says}, which service-worker.ts alone may.`];
    }
    const target = resolve(file.path, one.specifier);
    if (target === undefined) return [];
    const room = roomOf(file.path);
    const { values, types = [] } = PERMISSIONS[room] ?? { values: [] };
    const own = room === '' ? [] : [room];
    if (isBelow(target, [...own, ...values])) return [];
    if (!isBelow(target, types)) return [`${says}, which src/${room} may not.`];
    return one.typeOnly ? [] : [`${says}, from which src/${room} may import types only.`];
  });
}

function packageBreaches(name: string, files: SourceFile[]): string[] {
  const importers = files
    .filter((file) => importsOf(file).some(({ specifier }) => isBelow(specifier, [name])))
    .map((file) => file.path);
  if (importers.length === 1) return [];
  return [
    `'${name}' has to be imported in one file, but is in: ${importers.join(', ') || 'none'}.`
  ];
}

function fileBreaches({ path, text }: SourceFile): string[] {
  const lines = text.trimEnd().split('\n').length;
  return [
    ...(path.split('/').some((name) => /^server(\.|$)|\.server\./.test(name))
      ? [`${path} is named 'server', which SvelteKit keeps for itself.`]
      : []),
    ...(lines > MAX_LINES
      ? [`${path} has ${lines} lines; past ${MAX_LINES} it wants splitting.`]
      : []),
    ...(/\{@html\b/.test(text) ? [`${path} uses {@html}: data is never markup.`] : []),
    ...(path === 'app.html' && /\b(src|href)=["'](https?:)?\/\//.test(text)
      ? [`${path} loads from another host.`]
      : [])
  ];
}

/** The part of the house a file belongs to: a key of the permissions, or a folder they lack. */
function roomOf(path: string): string {
  const folders = path.split('/').slice(0, -1);
  return folders[0] === 'lib' ? folders.slice(0, 2).join('/') : (folders[0] ?? '');
}

/** Path below `src` of what is imported; undefined for packages. */
function resolve(importer: string, specifier: string): string | undefined {
  if (/^[#$]lib\//.test(specifier)) return specifier.slice(1);
  if (specifier.startsWith('.')) return posix.join(posix.dirname(importer), specifier);
  return undefined;
}

function isBelow(path: string, places: string[]): boolean {
  return places.some((place) => path === place || path.startsWith(`${place}/`));
}

/*
 * What the page and its workers may load and whom they may call (Content Security Policy, Level 3), in one
 * place. The page has its policy in itself. A worker has the one its own script came with, which only a
 * header can bring: from the service worker, or from a host that sends headers.
 */

/** Sources by directive; keywords without their quotes. */
type Directives = Record<string, string[]>;

/** Names of Trusted Types policies: Svelte's own for its templates, and ours for workers. */
const TRUSTED_TYPES = ['svelte-trusted-html', 'default'];

/** The page calls no other host: only workers do, and they hold an allowlist. */
export const PAGE_POLICY = {
  'default-src': ['self'],
  'script-src': ['self', 'wasm-unsafe-eval'],
  // Svelte and SvelteKit set inline styles.
  'style-src': ['self', 'unsafe-inline'],
  'img-src': ['self', 'data:', 'blob:'],
  'connect-src': ['self'],
  'object-src': ['none'],
  'base-uri': ['none'],
  'form-action': ['none'],
  'require-trusted-types-for': ['script'],
  'trusted-types': TRUSTED_TYPES
} as const satisfies Record<string, readonly string[]>;

const WORKER_POLICY: Directives = {
  'default-src': ['none'],
  'script-src': ['self', 'wasm-unsafe-eval'],
  'worker-src': ['self'],
  'connect-src': ['self'],
  'require-trusted-types-for': ['script'],
  'trusted-types': ['default']
};

/**
 * The one worker that calls other hosts. Which ones is the reader's choice (a server of their own, on their
 * own network), which no header knows beforehand: its code holds the list, of one address. It needs neither
 * WebAssembly nor workers of its own.
 */
const CALLING_POLICY: Directives = {
  ...WORKER_POLICY,
  'script-src': ['self'],
  'worker-src': ['none'],
  'connect-src': ['self', 'https:', 'http:']
};

/** Whatever the build has for workers; its chunks, too, since any script can be started as a worker. */
const WORKER_SCRIPT = /\/_app\/immutable\/workers\/(.+)\.js$/;
const CALLING_SCRIPT = /^embedding\.worker-[\w-]+$/;

/** The policy that the script at a path of the built site is to come with; undefined for no worker's. */
export function workerPolicy(path: string): string | undefined {
  const name = WORKER_SCRIPT.exec(path)?.[1];
  if (name === undefined) return undefined;
  return toHeader(CALLING_SCRIPT.test(name) ? CALLING_POLICY : WORKER_POLICY);
}

/** A policy as a header says it. */
function toHeader(directives: Directives): string {
  return Object.entries(directives)
    .map(([name, sources]) => [name, ...sources.map((source) => quote(name, source))].join(' '))
    .join('; ');
}

function quote(directive: string, source: string): string {
  const isName = directive === 'trusted-types' || source.endsWith(':');
  return isName ? source : `'${source}'`;
}

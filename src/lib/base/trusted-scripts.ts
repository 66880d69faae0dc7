/*
 * Trusted Types: where a browser has them, a text can't become a script's address by itself. This default
 * policy lets our own workers pass and refuses all else; there is none for markup and code, so that those
 * are always refused. Imported for its effect, by whatever starts a worker.
 */

/** As far as they are used here (https://w3c.github.io/trusted-types/dist/spec/). */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): unknown;
}

const SCRIPTS = /\/([a-z]+\.worker[\w-]*\.(js|ts)|service-worker\.js)$/;

/** Passes the address of a worker of this site; throws a TypeError for any other. */
export function trustOwnScript(url: string): string {
  const { href, pathname } = new URL(url, location.href);
  // Not by its origin: that of a blob is the page's, whatever it holds.
  if (href.startsWith(`${location.origin}/`) && SCRIPTS.test(pathname)) return url;
  throw new TypeError('Only workers of this site may be started.');
}

const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
trustedTypes?.createPolicy('default', { createScriptURL: trustOwnScript });

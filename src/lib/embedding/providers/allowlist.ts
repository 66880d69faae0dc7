import { ProviderError } from '#lib/base/errors.ts';

/** Headers that a request needs; others only make a browser ask for permission first. */
const HEADERS = ['authorization', 'content-type', 'accept'];

/**
 * A `fetch` that calls one URL and nothing else: anything but `allowed` is refused with
 * `ProviderError` `forbidden` before it is sent, redirects are not followed (the key would go with
 * them), and headers about the reader's machine are left out.
 */
export function fetchOnly(
  allowed: string,
  fetch: typeof globalThis.fetch
): typeof globalThis.fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url !== allowed) {
      throw new ProviderError(
        'forbidden',
        'A request to another address than the configured one was refused.'
      );
    }
    const headers = [...new Headers(init?.headers)].filter(([name]) => HEADERS.includes(name));
    return fetch(url, { ...init, headers, redirect: 'error', referrerPolicy: 'no-referrer' });
  };
}

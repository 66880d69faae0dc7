/** Answer headers that pages of other origins may read. */
const EXPOSED = [
  'retry-after',
  'retry-after-ms',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-tokens',
  'x-request-id'
].join(', ');

const METHODS = 'GET, POST, OPTIONS';
/** Seconds that a browser need not ask again: as long as Chromium allows. */
const MAX_AGE_S = 7200;
/** A list of header names, as a browser asks for them. */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(\s*,\s*[\w!#$%&'*+.^`|~-]+)*$/;
const MOST_HEADER_NAMES = 2000;

/** Headers that let a page of an allowed origin read an answer. */
export function corsHeaders(origin: string | null): Record<string, string> {
  if (origin === null) return { vary: 'origin' };
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': EXPOSED,
    vary: 'origin'
  };
}

/** The answer to a browser that asks whether it may send a request. SDKs send headers of their own: all are allowed. */
export function preflightHeaders(origin: string, asked: string | null): Record<string, string> {
  const names = asked ?? '';
  const isList = names.length <= MOST_HEADER_NAMES && HEADER_NAMES.test(names);
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': METHODS,
    ...(isList && { 'access-control-allow-headers': names }),
    'access-control-max-age': String(MAX_AGE_S),
    vary: 'origin, access-control-request-headers'
  };
}

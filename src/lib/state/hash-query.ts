/**
 * The query of a hash route, such as `q` in `#/c/ID/search?q=…`. Read from the address itself: the
 * router hands out the hash already decoded, in which an `&` of a value can't be told from a border.
 */
export function hashQuery(hash: string = location.hash): URLSearchParams {
  const at = hash.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : hash.slice(at + 1));
}

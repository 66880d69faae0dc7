/*
 * Runs before the router reads the address. One that can't be decoded, such as a link that was cut off in the
 * middle of a letter, would stop it with a white page: it leads home instead.
 */
try {
  decodeURI(location.hash);
} catch {
  history.replaceState(null, '', '#/');
}

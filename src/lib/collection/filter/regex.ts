/** Flags that may stand before a pattern, as in Chroma's (Rust's) regular expressions: `(?i)steel`. */
const LEADING_FLAGS = /^\(\?([ims]+)\)/;
/** What only the flag `u` gives a meaning; without it, it would stand for its own letters. */
const NEEDS_UNICODE = /\\[pPu]\{/;

/**
 * The regular expression of a `$regex`: JavaScript's, with the flag `u` where the pattern can be read with
 * it (`\-` outside brackets can't), and `i`, `m` and `s` where `(?i)` and the like lead it. Throws
 * `SyntaxError`.
 */
export function toRegex(pattern: string): RegExp {
  const flags = new Set(LEADING_FLAGS.exec(pattern)?.[1]);
  const body = pattern.replace(LEADING_FLAGS, '');
  const own = [...flags].join('');
  try {
    return new RegExp(body, `${own}u`);
  } catch (error) {
    if (NEEDS_UNICODE.test(body)) throw error;
    return new RegExp(body, own);
  }
}

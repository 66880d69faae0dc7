/** How far back a cut may move to fall between words. */
const SLACK = 24;

/**
 * The beginning of a text, at most `length` UTF-16 units and `lines` lines, cut between words where
 * there are any; null when all of it fits, a few units over the limit included.
 */
export function excerpt(text: string, length: number, lines: number): string | null {
  const cut = Math.min(endOfLine(text, lines), text.length > length + SLACK ? length : text.length);
  if (cut === text.length) return null;
  const start = text.slice(0, cut);
  const space = /\s/.test(text[cut]!) ? -1 : start.search(/\s\S*$/);
  const tidy = space > Math.max(0, cut - SLACK) ? start.slice(0, space) : start;
  // Half of a surrogate pair is no character.
  return tidy.replace(/[\uD800-\uDBFF]$/, '').trimEnd();
}

function endOfLine(text: string, lines: number): number {
  let end = -1;
  for (let line = 0; line < lines; line++) {
    end = text.indexOf('\n', end + 1);
    if (end === -1) return text.length;
  }
  return text.slice(end).trim() === '' ? text.length : end;
}

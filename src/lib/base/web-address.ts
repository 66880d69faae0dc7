/** Longer ones are no addresses that anybody means to open. */
const LONGEST = 2000;

/**
 * The address that a field's text is, when all of it is one that can be opened without harm: http or https,
 * no name and password before its host (they make it look like another's). Null for any other text.
 */
export function webAddress(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed.length > LONGEST || !/^https?:\/\/[^\s<>"'`]+$/i.test(trimmed)) return null;
  const url = URL.parse(trimmed);
  return url && !url.username && !url.password ? url.href : null;
}

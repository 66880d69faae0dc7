/**
 * A field's name as it may stand in a template: one line, without braces, and none that means
 * something to JavaScript objects. Empty when nothing is left.
 */
export function cleanName(name: string): string {
  const clean = name.replace(/\s+/g, ' ').trim().replaceAll('{', '(').replaceAll('}', ')');
  return clean === '__proto__' ? '_proto_' : clean;
}

/**
 * `name`, or when that is taken, `name (2)`, `name (3)` and so on. `numbers` remembers the last one of
 * each name between calls, so that thousands of equal names are not counted up from 2 each time.
 */
export function uniqueName(
  name: string,
  taken: (name: string) => boolean,
  numbers = new Map<string, number>()
): string {
  let unique = name;
  for (let n = (numbers.get(name) ?? 1) + 1; taken(unique); n++) {
    unique = `${name} (${n})`;
    numbers.set(name, n);
  }
  return unique;
}

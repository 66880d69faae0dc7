/**
 * A field's name as it may stand in a template: one line, without braces, and none that means
 * something to JavaScript objects. Empty when nothing is left.
 */
export function cleanName(name: string): string {
  const clean = name.replace(/\s+/g, ' ').trim().replaceAll('{', '(').replaceAll('}', ')');
  return clean === '__proto__' ? '_proto_' : clean;
}

/** `name`, or when that is taken, `name (2)`, `name (3)` and so on. */
export function uniqueName(name: string, taken: (name: string) => boolean): string {
  let unique = name;
  for (let n = 2; taken(unique); n++) unique = `${name} (${n})`;
  return unique;
}

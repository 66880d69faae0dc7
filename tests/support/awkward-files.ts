import { seededRandom } from './random.ts';

/** A file as somebody might drop it. */
export interface AwkwardFile {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Random choices from one seed. */
export class Dice {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** A whole number from 0 to `n - 1`. */
  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Between 0 and `most` things, few more often than many. */
  several<T>(most: number, make: (n: number) => T): T[] {
    const count = Math.floor(most * this.random() ** 2);
    return Array.from({ length: count }, (_, n) => make(n));
  }
}

/** What cells, keys and lines are made of: whatever readers are known to stumble over. */
const WORDS = [
  'plain',
  'two words',
  '',
  ' ',
  '0',
  '01234',
  '-1.50',
  '1e5',
  '12345678901234567890',
  'true',
  'NaN',
  'null',
  '2026-03-01',
  '03/09/2026',
  '1 March 2026',
  '["a","b"]',
  '[1,[2]]',
  '{"a":1}',
  '{name}',
  '}}{{',
  '=1+1',
  'a,b;c\td|e',
  'say "hi"',
  '"',
  "it's",
  'line\nbreak',
  'carriage\rreturn',
  '\r\n',
  '\u2028',
  '\ufeff',
  '\ufffd',
  '\ud83d',
  '👩‍👩‍👧',
  'e\u0301',
  'שלום',
  '日本語。終わり！',
  '__proto__',
  'constructor',
  'toString',
  'a.b',
  '# heading',
  '```',
  '- item',
  '<script>alert(1)</script>',
  '<|endoftext|>',
  '\\',
  '\\u0000'
];

const EXTENSIONS = ['csv', 'tsv', 'json', 'jsonl', 'md', 'txt', 'geojson', 'tab', 'CSV', 'xlsx'];

/**
 * A file that is awkward in many ways at once, the same for the same seed: a valid table, JSON, JSON
 * Lines, Markdown or text of strange words, in some encoding, under a name that may lie, and then cut,
 * flipped, repeated and sprinkled with bytes that do not belong. One in fifteen is huge in one way.
 */
export function awkwardFile(seed: number): AwkwardFile {
  const dice = new Dice(seed);
  const { extension, text } = dice.chance(1 / 15) ? hugeText(dice) : awkwardText(dice);
  const named = dice.chance(0.7) ? extension : dice.pick(EXTENSIONS);
  const name = dice.chance(0.1) ? dice.pick(WORDS) : `file.${named}`;
  let bytes = dice.chance(0.03) ? noise(dice, dice.below(4000)) : encode(dice, text);
  for (let n = dice.below(5); n > 0; n--) bytes = mutate(dice, bytes);
  return { name, bytes };
}

function awkwardText(dice: Dice): { extension: string; text: string } {
  switch (dice.below(6)) {
    case 0:
      return { extension: 'csv', text: table(dice, dice.pick([',', ';', '\t', '|'])) };
    case 1:
      return { extension: 'tsv', text: table(dice, '\t') };
    case 2:
      return { extension: 'json', text: JSON.stringify(jsonFile(dice), null, dice.below(3)) };
    case 3: {
      const lines = dice.several(60, () => JSON.stringify(jsonValue(dice, 4)));
      return { extension: 'jsonl', text: lines.join(dice.pick(['\n', '\r\n', '\n\n'])) };
    }
    case 4:
      return { extension: 'md', text: markdown(dice) };
    default:
      return { extension: 'txt', text: dice.several(300, () => word(dice)).join(' ') };
  }
}

function word(dice: Dice): string {
  if (dice.chance(0.6)) return dice.pick(WORDS);
  return Array.from({ length: dice.below(30) }, () => dice.pick('abcdeé ,."\n1'.split(''))).join(
    ''
  );
}

function table(dice: Dice, delimiter: string): string {
  const width = 1 + dice.below(6);
  const newline = dice.pick(['\n', '\r\n', '\r']);
  const special = new RegExp(`["\\r\\n${delimiter === '|' ? '\\|' : delimiter}]`);
  const cell = (text: string) =>
    special.test(text) && !dice.chance(0.03) ? `"${text.replaceAll('"', '""')}"` : text;
  const row = () => {
    const ragged = dice.chance(0.05) ? dice.below(4) - 2 : 0;
    const cells = Array.from({ length: Math.max(0, width + ragged) }, () => cell(word(dice)));
    return cells.join(delimiter);
  };
  const lines = [dice.chance(0.1) ? `sep=${delimiter}` : row(), row(), ...dice.several(120, row)];
  return lines.join(newline) + (dice.chance(0.7) ? newline : '');
}

function jsonFile(dice: Dice): unknown {
  const records = dice.several(60, () => jsonValue(dice, 4));
  if (dice.chance(0.6)) return records;
  return { [word(dice)]: word(dice), [word(dice)]: { [word(dice)]: records }, more: [{}, {}] };
}

function jsonValue(dice: Dice, depth: number): unknown {
  const kind = dice.below(depth > 0 ? 8 : 5);
  if (kind === 0) return null;
  if (kind === 1) return dice.chance(0.5);
  if (kind === 2) return (dice.random() - 0.5) * 10 ** dice.below(20);
  if (kind <= 4) return word(dice);
  if (kind === 5) return dice.several(6, () => jsonValue(dice, depth - 1));
  // Keys such as __proto__ become the object's own, as JSON.parse makes them.
  return Object.fromEntries(dice.several(8, () => [word(dice), jsonValue(dice, depth - 1)]));
}

function markdown(dice: Dice): string {
  const block = () => {
    const text = dice.several(40, () => word(dice)).join(' ');
    return dice.pick([
      `${'#'.repeat(1 + dice.below(7))} ${text}`,
      `${text}\n${'='.repeat(dice.below(5))}`,
      `\`\`\`js\n${text}\n${dice.chance(0.8) ? '```' : ''}`,
      `- ${text}\n- ${text}`,
      `> ${text}`,
      text
    ]);
  };
  return dice.several(40, block).join('\n\n');
}

/** One dimension far beyond what files usually have. */
function hugeText(dice: Dice): { extension: string; text: string } {
  const many = 1000 + dice.below(20_000);
  const small = 1 + (many >> 2);
  switch (dice.below(11)) {
    case 0:
      return { extension: 'csv', text: `a,b\n1,"${'long cell '.repeat(many)}"\n2,3\n` };
    case 1:
      return { extension: 'csv', text: `a,b\n1,"${'never closed\n'.repeat(many)}` };
    case 2:
      return { extension: 'csv', text: `${'same,'.repeat(many)}\n${'1,'.repeat(many)}\n` };
    case 3:
      return { extension: 'csv', text: `a,b\n${'\n'.repeat(many)}1,2\n` };
    case 4:
      return { extension: 'csv', text: `a,b\n${'"x"y,"\n'.repeat(many)}` };
    case 5:
      return { extension: 'json', text: '['.repeat(many) + ']'.repeat(many) };
    case 6:
      return { extension: 'json', text: `[${'{"a":'.repeat(many)}1${'}'.repeat(many)}]` };
    case 7: {
      const entries = Array.from({ length: small }, (_, n) => [`key ${n}`, n]);
      return { extension: 'json', text: JSON.stringify([Object.fromEntries(entries)]) };
    }
    case 8: {
      const names = Array.from({ length: small }, (_, n) => `column ${n}`);
      return { extension: 'csv', text: `${names.join()}\n${'1,2\n'.repeat(small)}` };
    }
    case 9:
      return { extension: 'md', text: dice.pick(['a', '# ', '`', '> ', '. ', '\n']).repeat(many) };
    default:
      return { extension: 'txt', text: `${'word '.repeat(many)}\n${'x'.repeat(many)}` };
  }
}

function encode(dice: Dice, text: string): Uint8Array<ArrayBuffer> {
  const isMarked = dice.chance(0.5);
  switch (dice.below(8)) {
    case 0:
      return utf16(isMarked ? `\ufeff${text}` : text, true);
    case 1:
      return utf16(isMarked ? `\ufeff${text}` : text, false);
    case 2:
      return Uint8Array.from(text, (char) => char.charCodeAt(0) & 255);
    case 3:
      return new TextEncoder().encode(`\ufeff${text}`);
    default:
      return new TextEncoder().encode(text);
  }
}

function utf16(text: string, isLittleEndian: boolean): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), isLittleEndian);
  return new Uint8Array(view.buffer);
}

const INSERTS = ['\0', '"', '\n', '\r', '\r\n', ',', '\t', '\ufeff', '{', ']', '\\', '\u001f'];

/** Flips a bit, cuts a piece out, repeats one, ends too early, or puts bytes in that do not belong. */
function mutate(dice: Dice, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = dice.below(bytes.length + 1);
  const until = Math.min(bytes.length, at + dice.below(200));
  switch (dice.below(6)) {
    case 0: {
      const flipped = bytes.slice();
      if (at < flipped.length) flipped[at]! ^= 1 << dice.below(8);
      return flipped;
    }
    case 1:
      return join(bytes.subarray(0, at), bytes.subarray(until));
    case 2:
      return join(bytes.subarray(0, until), bytes.subarray(at));
    case 3:
      return bytes.slice(0, at);
    case 4:
      return join(bytes.subarray(0, at), noise(dice, dice.below(12)), bytes.subarray(at));
    default: {
      const insert = new TextEncoder().encode(dice.pick(INSERTS));
      return join(bytes.subarray(0, at), insert, bytes.subarray(at));
    }
  }
}

function noise(dice: Dice, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => dice.below(256));
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}

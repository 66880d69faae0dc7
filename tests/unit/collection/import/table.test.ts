import { describe, expect, test } from 'vitest';
import { RowReader, type TableRow } from '#lib/collection/import/rows.ts';
import { readRecords } from '#lib/collection/import/read.ts';
import { ChoppedBytes } from '../../../support/chopped-bytes.ts';
import { seededRandom } from '../../../support/random.ts';
import { issuesOf, readText, wordTokenizer } from './helpers.ts';

describe('delimiters', () => {
  test.each([
    ['comma', 'a,b\nx y,p;q\n'],
    ['semicolon', 'a;b\nx y;p,q\nx,y;p,q\n'],
    ['tab', 'a\tb\nx y\tp,q\n'],
    ['pipe', 'a|b\nx y|p,q\n']
  ])('finds the %s', async (_, text) => {
    const { columns, records } = await readText('t.csv', text);
    expect(columns.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(records[0]).toMatchObject({ a: 'x y' });
  });

  test('calls tab-separated tables tsv, and prefers the tab in a .tsv file', async () => {
    expect((await readText('t.csv', 'a\tb\n1\t2\n')).format).toBe('tsv');
    const { columns } = await readText('t.tsv', 'a, b\tc\nx, y\tz\n');
    expect(columns.map(({ name }) => name)).toEqual(['a, b', 'c']);
  });

  test('believes the line sep= of Excel and still counts it', async () => {
    const set = await readText('t.csv', 'sep=;\r\na;b\r\n\r\nx;y\r\n');
    expect(set.records).toEqual([{ a: 'x', b: 'y' }]);
    expect(issuesOf(set)).toEqual(['blank-row@3']);
  });

  test('keeps the commas of a single column', async () => {
    const set = await readText('t.csv', 'text\nHello, world\nYes, no, maybe\nPlain\n');
    expect(set.records.map(({ text }) => text)).toEqual([
      'Hello, world',
      'Yes, no, maybe',
      'Plain'
    ]);
    expect(set.issues).toEqual([]);
  });
});

describe('rows', () => {
  test('lists ragged and blank rows with their line, also behind quoted newlines', async () => {
    const text = 'a,b,c\n"one\n\ntwo",x,y\n\nshort\n,,\nlong,x,y,more,still more\nlast,x,y';
    const set = await readText('t.csv', text);
    expect(issuesOf(set)).toEqual(['blank-row@5', 'short-row@6', 'blank-row@7', 'long-row@8']);
    expect(set.records).toEqual([
      { a: 'one\n\ntwo', b: 'x', c: 'y' },
      { a: 'short' },
      { a: 'long', b: 'x', c: 'y', extra: ['more', 'still more'] },
      { a: 'last', b: 'x', c: 'y' }
    ]);
  });

  test('finds another name for surplus cells when there is a column extra', async () => {
    const { records } = await readText('t.csv', 'a,extra\nx,y\nx,y,z\n');
    expect(records[1]).toEqual({ a: 'x', extra: 'y', 'extra (2)': ['z'] });
  });

  test('does not list delimiters at the ends of rows', async () => {
    const set = await readText('t.csv', 'a,b\nx,y,\nx,y,\n');
    expect(set.issues).toEqual([]);
    expect(set.columns).toHaveLength(2);
  });

  test('reads mixed LF and CRLF, and CR alone', async () => {
    const expected = [
      { a: 'x', b: 'y' },
      { a: 'p', b: 'q' }
    ];
    expect((await readText('t.csv', 'a,b\r\nx,y\np,"q"\r\n')).records).toEqual(expected);
    expect((await readText('t.csv', 'a,b\rx,y\rp,q\r')).records).toEqual(expected);
  });

  test('an unclosed quote spoils its own line only', async () => {
    const set = await readText('t.csv', 'a,b\nx,"never closed\np,q\nr,s\n');
    expect(set.records).toEqual([
      { a: 'x', b: 'never closed' },
      { a: 'p', b: 'q' },
      { a: 'r', b: 's' }
    ]);
    expect(issuesOf(set)).toEqual(['quotes@2']);
  });

  test('goes on behind an unclosed quote in a table too long to wait for its end', async () => {
    const row = `${'word '.repeat(20)},y\n`;
    const text = `a,b\nx,"never closed\n${row.repeat(50_000)}`;
    const set = await readText('t.csv', text);
    expect(set.records).toHaveLength(50_001);
    expect(issuesOf(set)).toEqual(['quotes@2']);
  });

  test('reads quotes as characters once many are never closed', async () => {
    const text = `a,b\n${Array.from({ length: 60 }, (_, i) => `row ${i},"open`).join('\n')}\n`;
    const set = await readText('t.csv', text);
    expect(set.records).toHaveLength(60);
    expect(set.records.map(({ a }) => a)).toEqual(Array.from({ length: 60 }, (_, i) => `row ${i}`));
  });

  test('lists a misplaced quote and keeps the row', async () => {
    const set = await readText('t.csv', 'a,b\n"x" y,z\np,q\n');
    expect(issuesOf(set)).toContain('quotes@2');
    expect(set.records.length).toBeGreaterThan(0);
  });

  test('keeps a thousand issues and counts them all', async () => {
    const set = await readText('t.csv', `a,b\nx,y\n${'short\n'.repeat(1500)}`);
    expect(set.issues).toHaveLength(1000);
    expect(set.issueCount).toBe(1500);
  });
});

describe('headers', () => {
  test('makes duplicate and empty names unique and lists them', async () => {
    const set = await readText('t.csv', 'a,a,,a (2),"b\nc",{d}\nx,y,z,w,v,u\n');
    expect(Object.keys(set.records[0]!)).toEqual(['a', 'a (3)', 'Column 3', 'a (2)', 'b c', '(d)']);
    expect(issuesOf(set)).toEqual(['header-duplicate@1', 'header-empty@1']);
  });

  test('skips blank rows above the header', async () => {
    const set = await readText('t.csv', '\n,\na,b\nx,y\n');
    expect(set.records).toEqual([{ a: 'x', b: 'y' }]);
    expect(issuesOf(set)).toEqual(['blank-row@1', 'blank-row@2']);
  });

  test.each([
    ['numbers only', '1,2.5\n3,4\n', { 'Column 1': 1, 'Column 2': 2.5 }],
    ['a number above numbers', '1,Alien\n2,Heat\n', { 'Column 1': 1, 'Column 2': 'Alien' }],
    ['a sentence alone', 'Great pen!\nBad pen.\n', { text: 'Great pen!' }]
  ])('a first row that is data (%s) is kept', async (_, text, first) => {
    const set = await readText('t.csv', text);
    expect(set.records).toHaveLength(2);
    expect(set.records[0]).toEqual(first);
    expect(issuesOf(set)).toEqual(['no-header@1']);
  });

  test('names of years stay names', async () => {
    const { records } = await readText('t.csv', 'country,2019,2020\nFrance,1.5,2\nChad,3,4\n');
    expect(records[0]).toEqual({ country: 'France', 2019: 1.5, 2020: 2 });
  });

  test('keeps the order of columns whose names are numbers', async () => {
    const { columns } = await readText('t.csv', 'country,2020,2019\nFrance,x,y\n');
    expect(columns.map(({ name }) => name)).toEqual(['country', '2020', '2019']);
  });

  test('names that mean something to JavaScript do no harm', async () => {
    const { records, columns } = await readText('t.csv', '__proto__,constructor,a\nx,y,z\np,q\n');
    expect(columns.map(({ name }) => name)).toEqual(['_proto_', 'constructor', 'a']);
    expect(records[0]).toEqual({ _proto_: 'x', constructor: 'y', a: 'z' });
    expect(Object.getPrototypeOf(records[0])).toBe(Object.prototype);
  });
});

describe('what an RFC 4180 writer wrote comes back', () => {
  const CELLS = [
    '',
    'a',
    '1',
    'ü',
    '日本',
    '😀',
    ' ',
    '"',
    '""',
    ',',
    ';',
    '\n',
    '\r\n',
    '\r',
    '\t',
    "'",
    'ab c'
  ];

  function randomTable(random: () => number): string[][] {
    const pick = () => CELLS[Math.floor(random() * CELLS.length)]!;
    const width = 1 + Math.floor(random() * 4);
    return Array.from({ length: 1 + Math.floor(random() * 12) }, () =>
      Array.from({ length: width }, () =>
        Array.from({ length: Math.floor(random() * 6) }, pick).join('')
      )
    );
  }

  function write(rows: string[][], newline: string, quoteAll: boolean): string {
    const cell = (text: string) =>
      quoteAll || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    return rows.map((cells) => cells.map(cell).join(',')).join(newline) + newline;
  }

  test.each(Array.from({ length: 300 }, (_, seed) => seed))('whatever the pieces (%i)', (seed) => {
    const random = seededRandom(seed);
    const rows = randomTable(random);
    const text = write(rows, random() < 0.5 ? '\n' : '\r\n', random() < 0.3);
    const found: TableRow[] = [];
    const format = { delimiter: ',', newline: '\n', firstLine: 1 };
    const reader = new RowReader(format, (row) => found.push(row));
    for (let at = 0; at < text.length;) {
      const size = 1 + Math.floor(random() * 9);
      reader.push(text.slice(at, at + size));
      at += size;
    }
    reader.end();

    expect(found.map(({ cells }) => cells)).toEqual(rows);
    const lines = text.split('\n');
    expect(found.map(({ line }) => line)).toEqual(linesOf(rows, lines.length));
    expect(found.every(({ badQuotes }) => !badQuotes)).toBe(true);
  });

  /** Lines that rows start at: each takes one, and one more for every newline inside. */
  function linesOf(rows: string[][], total: number): number[] {
    let line = 1;
    const starts = rows.map((cells) => {
      const start = line;
      line += 1 + cells.join('').split('\n').length - 1;
      return start;
    });
    expect(line).toBe(total);
    return starts;
  }

  test.each([1, 2, 3, 5, 64])(
    'from a stream cut every %i bytes, inside characters too',
    async (size) => {
      const rows = Array.from({ length: 40 }, (_, i) => [
        `naïve “${i}” 日本`,
        `line\nbreak 😀, "quoted"`,
        `t${i}`
      ]);
      const text = `\ufeff${write([['first', 'second', 'third'], ...rows], '\r\n', false)}`;
      const set = await readRecords(
        { name: 't.csv', blob: new ChoppedBytes(new TextEncoder().encode(text), () => size) },
        { loadTokenizer: () => Promise.resolve(wordTokenizer) }
      );
      expect(set.records.map(({ first, second, third }) => [first, second, third])).toEqual(rows);
      expect(set.issues).toEqual([]);
    }
  );
});

import { describe, expect, test } from 'vitest';
import { ImportError } from '#lib/base/errors.ts';
import { issuesOf, readText } from './helpers.ts';

const TABLE = 'name,place\nZoë,München\n';
const RECORDS = [{ name: 'Zoë', place: 'München' }];

function utf16(text: string, littleEndian: boolean): Uint8Array<ArrayBuffer> {
  const bytes = new DataView(new ArrayBuffer(text.length * 2));
  for (let i = 0; i < text.length; i++) bytes.setUint16(i * 2, text.charCodeAt(i), littleEndian);
  return new Uint8Array(bytes.buffer);
}

function latin(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

describe('encodings', () => {
  test.each([
    ['UTF-8', TABLE],
    ['UTF-8 with a byte order mark', `\ufeff${TABLE}`],
    ['UTF-16 LE', utf16(`\ufeff${TABLE}`, true)],
    ['UTF-16 BE', utf16(`\ufeff${TABLE}`, false)],
    ['UTF-16 LE without a mark', utf16(TABLE, true)],
    ['UTF-16 BE without a mark', utf16(TABLE, false)]
  ])('reads %s', async (_, content) => {
    const set = await readText('t.csv', content);
    expect(set.records).toEqual(RECORDS);
    expect(set.issues).toEqual([]);
  });

  test('reads bytes that are not UTF-8 as windows-1252 and says so', async () => {
    const bytes = latin(`${TABLE}\x93quoted\x94,5 \x80\n`);
    const set = await readText('t.csv', bytes);
    expect(set.records).toEqual([...RECORDS, { name: '“quoted”', place: '5 €' }]);
    expect(issuesOf(set)).toEqual(['encoding']);
    expect(set.issues[0]!.message).toContain('windows-1252');
  });

  test('keeps UTF-8 of which a byte is broken', async () => {
    const bytes = new Uint8Array([...new TextEncoder().encode(TABLE), 0xff, 0x2c, 0x79, 0x0a]);
    const set = await readText('t.csv', bytes);
    expect(set.records).toEqual([...RECORDS, { name: '\ufffd', place: 'y' }]);
    expect(issuesOf(set)).toEqual(['encoding']);
  });

  test('finds a fault far behind the beginning', async () => {
    const rows = latin(`a,b\n${'plain,words\n'.repeat(40_000)}caf\xe9,x\n`);
    const set = await readText('t.csv', rows);
    expect(set.records.at(-1)).toEqual({ a: 'café', b: 'x' });
  });
});

describe('files that are no text', () => {
  test.each([
    ['empty', ''],
    ['only white space', ' \n\n\t'],
    ['only column names', 'name,price\n']
  ])('%s is refused as empty', async (_, content) => {
    const error = await readText('t.csv', content).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ImportError);
    expect(error).toMatchObject({ code: 'empty', next: expect.stringContaining('Choose') });
  });

  test.each([
    ['an Excel file', latin('PK\x03\x04\x14\x00\x06\x00'), 'CSV'],
    ['a PDF', latin('%PDF-1.7\n'), 'plain text'],
    ['an image', latin('\x89PNG\r\n\x1a\n\x00\x00'), 'table or a text'],
    ['other bytes', Uint8Array.from({ length: 4096 }, (_, i) => (i * 37) % 256), 'table or a text']
  ])('%s is refused with advice', async (_, content, advice) => {
    await expect(readText('t.csv', content)).rejects.toMatchObject({
      code: 'binary',
      next: expect.stringContaining(advice)
    });
  });
});

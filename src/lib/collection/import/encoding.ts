import { ImportError } from '#lib/base/errors.ts';

/** Encodings told by a file's first bytes; windows-1252 only stands in for UTF-8 that is not. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

const AS_TABLE = 'Save it as CSV in the program it comes from, and choose that file.';
const AS_TEXT = 'Save it as plain text, and choose that file.';

/** Files people try that are not text, by their first characters. */
const SIGNATURES: [start: string, what: string, next: string][] = [
  ['PK\x03\x04', 'a ZIP, Excel or Word file', 'Save the table as CSV, or the text as plain text.'],
  ['\xd0\xcf\x11\xe0', 'an old Excel or Word file', 'Save the table as CSV, or the text as text.'],
  ['%PDF-', 'a PDF', AS_TEXT],
  ['{\\rtf', 'a rich-text file', AS_TEXT],
  ['\x1f\x8b', 'a gzip file', 'Unpack it, and choose the file inside.'],
  ['PAR1', 'a Parquet file', AS_TABLE],
  ['SQLite format 3', 'an SQLite database', 'Export the table as CSV, and choose that file.'],
  ['\x89PNG', 'an image', 'Choose a table or a text.'],
  ['\xff\xd8\xff', 'an image', 'Choose a table or a text.'],
  ['\x00\x00\xfe\xff', 'UTF-32 text', 'Save it as UTF-8, and choose that file.'],
  ['\xff\xfe\x00\x00', 'UTF-32 text', 'Save it as UTF-8, and choose that file.']
];

/**
 * The encoding of a file that starts with `bytes`: by its byte order mark, by the zero bytes of
 * UTF-16 without one, else UTF-8.
 * Throws ImportError `binary` when the bytes are no text.
 */
export function detectEncoding(bytes: Uint8Array): Encoding {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  const signature = SIGNATURES.find(([magic]) => start.startsWith(magic));
  if (signature) throw new ImportError('binary', `This is ${signature[1]}.`, signature[2]);

  if (start.startsWith('\xff\xfe')) return 'utf-16le';
  if (start.startsWith('\xfe\xff')) return 'utf-16be';

  const zeros = [0, 0];
  let controls = 0;
  bytes.forEach((byte, i) => {
    if (byte === 0) zeros[i % 2]!++;
    else if (byte < 32 && (byte < 9 || byte > 13) && byte !== 27) controls++;
  });
  const [even, odd] = zeros as [number, number];
  const half = bytes.length / 2;
  if (odd > half * 0.4 && even < half * 0.05) return 'utf-16le';
  if (even > half * 0.4 && odd < half * 0.05) return 'utf-16be';
  if (even + odd > bytes.length / 1000 || controls > bytes.length / 20) {
    throw new ImportError('binary', 'This is not a text file.', 'Choose a table or a text.');
  }
  return 'utf-8';
}

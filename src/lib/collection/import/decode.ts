import { ImportError, throwIfCancelled } from '#lib/base/errors.ts';
import { detectEncoding, type Encoding } from './encoding.ts';
import type { IssueList } from './issues.ts';
import type { Pace } from './pace.ts';

/** Bytes looked at before a file's format is decided. */
const SAMPLE_BYTES = 256 * 1024;

/** Most bytes worked on at once: streams may hand over a whole file. */
const CHUNK_BYTES = 128 * 1024;

/** A file as text: its beginning, to decide by, and all of it, to read. */
export interface OpenedText {
  sample: string;
  /** Whether the sample is the whole text. */
  whole: boolean;
  /** The text from its start, piece by piece; a piece may be empty, none cuts a character. */
  chunks(): AsyncGenerator<string, void, void>;
}

/** What reading a file needs besides the file. */
export interface ReadContext {
  issues: IssueList;
  pace: Pace;
  signal?: AbortSignal;
  onProgress?: (readBytes: number, totalBytes: number) => void;
}

/**
 * Finds a file's encoding and opens it. UTF-8 that is not valid is read as windows-1252, or, when
 * most of its characters are sound UTF-8, with the broken ones replaced; an issue says which.
 * Throws ImportError `empty`, `binary` or `unreadable`.
 */
export async function openText(blob: Blob, context: ReadContext): Promise<OpenedText> {
  const head = await readable(blob.slice(0, SAMPLE_BYTES).arrayBuffer());
  let encoding = detectEncoding(new Uint8Array(head));
  if (encoding === 'utf-8') encoding = await checkUtf8(blob, context);

  const whole = blob.size <= SAMPLE_BYTES;
  const sample = new TextDecoder(encoding).decode(head, { stream: !whole });
  if (whole && sample.trim() === '') {
    throw new ImportError('empty', 'This file is empty.', 'Choose a file with rows or text in it.');
  }
  return { sample, whole, chunks: () => decode(blob, encoding, context) };
}

async function* decode(
  blob: Blob,
  encoding: Encoding,
  { pace, onProgress, signal }: ReadContext
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder(encoding);
  let read = 0;
  for await (const bytes of byteChunks(blob)) {
    throwIfCancelled(signal);
    read += bytes.length;
    yield decoder.decode(bytes, { stream: true });
    if (!pace.due()) continue;
    onProgress?.(read, blob.size);
    await pace.rest();
  }
  yield decoder.decode();
  onProgress?.(blob.size, blob.size);
}

/** Goes through the whole file once: an encoding can't be changed half way. */
async function checkUtf8(blob: Blob, { issues, pace }: ReadContext): Promise<Encoding> {
  if (await isUtf8(blob, pace)) return 'utf-8';

  const decoder = new TextDecoder();
  let broken = 0;
  let sound = 0;
  for await (const bytes of byteChunks(blob)) {
    for (const char of decoder.decode(bytes, { stream: true }).match(/[^\0-\x7f]/gu) ?? []) {
      if (char === '\ufffd') broken++;
      else sound++;
    }
    if (pace.due()) await pace.rest();
  }
  if (sound > broken) {
    issues.add('encoding', `${broken || 1} broken UTF-8 characters were replaced by “\ufffd”.`);
    return 'utf-8';
  }
  issues.add(
    'encoding',
    'This file is not UTF-8 and was read as windows-1252; look whether accented letters are right.'
  );
  return 'windows-1252';
}

async function isUtf8(blob: Blob, pace: Pace): Promise<boolean> {
  const strict = new TextDecoder('utf-8', { fatal: true });
  for await (const bytes of byteChunks(blob)) {
    if (!decodes(() => strict.decode(bytes, { stream: true }))) return false;
    if (pace.due()) await pace.rest();
  }
  return decodes(() => strict.decode());
}

function decodes(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

/** `for await` over a stream itself is missing from some browsers. */
async function* byteChunks(blob: Blob): AsyncGenerator<Uint8Array, void, void> {
  const reader = blob.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await readable(reader.read());
      if (done) return;
      for (let at = 0; at < value.length; at += CHUNK_BYTES) {
        yield value.subarray(at, at + CHUNK_BYTES);
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function readable<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch {
    throw new ImportError(
      'unreadable',
      'The file could not be read; it may have been moved, changed or removed.',
      'Choose it again.'
    );
  }
}

import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { headersOf, SECURITY_HEADERS } from './headers.ts';
import { isCompressible, mediaType } from './media-types.ts';

const compress = promisify(gzip);

/** Below it gzip gains nothing; above it a file is sent as it is rather than kept in memory. */
const GZIP_BYTES = { min: 1024, max: 16 * 1024 * 1024 };

/** A file that may be served. */
interface Found {
  path: string;
  bytes: number;
  /** Changes with the content: size and time of the last change. */
  version: string;
}

/**
 * Serves the files below `folder` to GET and HEAD, `index.html` for a path that ends in `/`.
 * Files under `/_app/immutable/` may be cached for ever, all others are asked for again (ETag).
 * Text is gzipped when first asked for and kept in memory. Nothing outside `folder` is ever served,
 * neither by `..` in any spelling nor through a symbolic link.
 */
export function staticHandler(folder: string): (request: Request) => Promise<Response> {
  const gzipped = new Map<string, { version: string; body: Promise<Uint8Array<ArrayBuffer>> }>();

  function gzippedBody({ path, version }: Found): Promise<Uint8Array<ArrayBuffer>> {
    const kept = gzipped.get(path);
    if (kept?.version === version) return kept.body;
    const body = readFile(path)
      .then((content) => compress(content, { level: 9 }))
      .then((content) => new Uint8Array(content));
    gzipped.set(path, { version, body });
    // A file that can't be read now may be readable at the next request.
    body.catch(() => gzipped.delete(path));
    return body;
  }

  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return plain(405, 'Method not allowed', { allow: 'GET, HEAD' });
    }
    const { pathname } = new URL(request.url);
    const file = await findFile(folder, pathname);
    if (!file) return plain(404, 'Not found');

    const type = mediaType(file.path);
    const mayZip =
      isCompressible(type) && file.bytes >= GZIP_BYTES.min && file.bytes <= GZIP_BYTES.max;
    const zip = mayZip && acceptsGzip(request.headers.get('accept-encoding'));
    const etag = zip ? `"${file.version}-gzip"` : `"${file.version}"`;
    const headers = new Headers({
      ...headersOf(pathname),
      'content-type': type,
      etag,
      ...(mayZip ? { vary: 'accept-encoding' } : {})
    });
    if (matches(request.headers.get('if-none-match'), etag)) {
      return new Response(null, { status: 304, headers });
    }
    const body = zip ? await gzippedBody(file) : undefined;
    if (zip) headers.set('content-encoding', 'gzip');
    headers.set('content-length', String(body?.length ?? file.bytes));
    if (request.method === 'HEAD') return new Response(null, { headers });
    return new Response(body ?? streamFile(file.path), { headers });
  };
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { ...SECURITY_HEADERS, 'content-type': 'text/plain; charset=utf-8', ...headers }
  });
}

/** The file a URL's path means, if it lies in `folder` both by name and after following links. */
async function findFile(folder: string, pathname: string): Promise<Found | undefined> {
  const names = fileNames(pathname);
  if (!names) return undefined;
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, ...names));
    if (!path.startsWith(root + sep)) return undefined;
    const stats = await stat(path);
    if (!stats.isFile()) return undefined;
    const version = `${stats.size.toString(36)}-${stats.mtimeMs.toString(36)}`;
    return { path, bytes: stats.size, version };
  } catch {
    return undefined;
  }
}

/** The decoded names a path consists of; undefined when one could lead anywhere but down. */
function fileNames(pathname: string): string[] | undefined {
  const encoded = (pathname.endsWith('/') ? `${pathname}index.html` : pathname).slice(1).split('/');
  try {
    const names = encoded.map(decodeURIComponent);
    return names.some((name) => /^\.{0,2}$|[/\\\0]/.test(name)) ? undefined : names;
  } catch {
    return undefined;
  }
}

function streamFile(path: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  return Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Whether gzip is among the accepted codings, with a weight above 0 (RFC 9110, 12.5.3). */
function acceptsGzip(header: string | null): boolean {
  return (header ?? '').split(',').some((coding) => {
    const [name, ...parameters] = coding.split(';').map((part) => part.trim().toLowerCase());
    return name === 'gzip' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** Whether an If-None-Match header names this version (weak comparison, RFC 9110, 13.1.2). */
function matches(header: string | null, etag: string): boolean {
  return (header ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === etag || tag === '*');
}

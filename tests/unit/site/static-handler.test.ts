import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { staticHandler } from '../../../src/site/static-handler.ts';

const SCRIPT = 'export const answer = 42;\n'.repeat(100);
let place: string;
let site: (request: Request) => Promise<Response>;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'site-'));
  const folder = join(place, 'site');
  await mkdir(join(folder, '_app/immutable'), { recursive: true });
  await mkdir(join(place, 'site-next-door'));
  await writeFile(join(folder, 'index.html'), '<h1>Home</h1>');
  await writeFile(join(folder, 'größe 1.csv'), 'a,b\n');
  await writeFile(join(folder, 'kernel.wasm'), new Uint8Array([0, 97, 115, 109]));
  await writeFile(join(folder, 'big.bin'), new Uint8Array(300_000).fill(7));
  await writeFile(join(folder, '_app/immutable/entry.js'), SCRIPT);
  await writeFile(join(place, 'secret.txt'), 'secret');
  await writeFile(join(place, 'site-next-door/secret.txt'), 'secret');
  await symlink(join(place, 'secret.txt'), join(folder, 'link.txt'));
  await symlink(join(place, 'site-next-door'), join(folder, 'door'));
  await symlink(join(folder, 'index.html'), join(folder, 'inside.html'));
  site = staticHandler(folder);
});
afterAll(() => rm(place, { recursive: true }));

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return site(new Request(`http://localhost${path}`, { headers }));
}

describe('a file', () => {
  test('is sent whole, with its media type and length', async () => {
    const response = await get('/big.bin');
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('content-length')).toBe('300000');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array(300_000).fill(7));
  });

  test.each([
    ['/', 'text/html; charset=utf-8'],
    ['/kernel.wasm', 'application/wasm'],
    ['/_app/immutable/entry.js', 'text/javascript; charset=utf-8'],
    ['/gr%C3%B6%C3%9Fe%201.csv?query', 'text/csv; charset=utf-8'],
    ['/inside.html', 'text/html; charset=utf-8']
  ])('at %s is %s', async (path, type) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
  });

  test('carries the headers that protect the page', async () => {
    const { headers } = await get('/');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('content-security-policy')).toBe("frame-ancestors 'none'");
    expect(headers.get('permissions-policy')).toContain('camera=()');
  });

  test('is kept for ever when its name holds its hash, and asked for again otherwise', async () => {
    const immutable = await get('/_app/immutable/entry.js');
    expect(immutable.headers.get('cache-control')).toContain('immutable');
    expect((await get('/')).headers.get('cache-control')).toBe('no-cache');
  });

  test('is not sent again to who has it', async () => {
    const etag = (await get('/')).headers.get('etag')!;
    const again = await get('/', { 'if-none-match': `"other", W/${etag}` });
    expect(again.status).toBe(304);
    expect(again.headers.get('etag')).toBe(etag);
    expect(await again.text()).toBe('');
  });

  test('is sent again after it changed', async () => {
    const path = join(place, 'site/news.txt');
    await writeFile(path, 'old');
    const etag = (await get('/news.txt')).headers.get('etag')!;
    await writeFile(path, 'newer');
    const again = await get('/news.txt', { 'if-none-match': etag });
    expect(await again.text()).toBe('newer');
  });

  test('answers HEAD like GET, without a body', async () => {
    const response = await site(new Request('http://localhost/big.bin', { method: 'HEAD' }));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('300000');
    expect(response.body).toBeNull();
  });
});

describe('gzip', () => {
  test('is used where it is accepted, under an ETag of its own', async () => {
    const asIs = await get('/_app/immutable/entry.js');
    const zipped = await get('/_app/immutable/entry.js', { 'accept-encoding': 'br, gzip;q=0.8' });
    expect(await asIs.text()).toBe(SCRIPT);
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(zipped.headers.get('vary')).toBe('accept-encoding');
    expect(zipped.headers.get('etag')).not.toBe(asIs.headers.get('etag'));
    const body = new Uint8Array(await zipped.arrayBuffer());
    expect(zipped.headers.get('content-length')).toBe(String(body.length));
    expect(gunzipSync(body).toString()).toBe(SCRIPT);
  });

  test('is not used where it is refused, or for what is small or no text', async () => {
    const refused = await get('/_app/immutable/entry.js', { 'accept-encoding': 'gzip;q=0' });
    const small = await get('/', { 'accept-encoding': 'gzip' });
    const binary = await get('/big.bin', { 'accept-encoding': 'gzip' });
    for (const response of [refused, small, binary]) {
      expect(response.headers.get('content-encoding')).toBeNull();
    }
  });

  test('follows a file that changed', async () => {
    const path = join(place, 'site/notes.txt');
    const ask = async () => {
      const response = await get('/notes.txt', { 'accept-encoding': 'gzip' });
      return gunzipSync(new Uint8Array(await response.arrayBuffer())).toString();
    };
    await writeFile(path, 'a'.repeat(2000));
    await ask();
    await writeFile(path, 'b'.repeat(3000));
    expect(await ask()).toBe('b'.repeat(3000));
  });
});

describe('nothing else is served', () => {
  test.each([
    '/missing',
    '/_app',
    '/_app/immutable/',
    '//index.html',
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/_app/..%2f..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '/..\\secret.txt',
    '/index.html%00',
    '/%',
    '/%ff',
    '/link.txt',
    '/door/secret.txt',
    '/../site-next-door/secret.txt',
    '/%2e%2e%2fsite-next-door%2fsecret.txt'
  ])('%s is not found', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain('secret');
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is not allowed', async (method) => {
    const response = await site(new Request('http://localhost/', { method }));
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serve } from '../../src/proxy/node-server.ts';
import { mediaType } from '../../src/site/media-types.ts';
import type { Site } from './site.ts';

const BUILD = join(import.meta.dirname, '../../build');

/** Serves the built site as the simplest hosts do: files with their types, and no other header. */
export async function startBareHost(): Promise<Site> {
  const server = await serve(
    async (request) => {
      const { pathname } = new URL(request.url);
      const path = pathname === '/' ? '/index.html' : decodeURIComponent(pathname);
      const body = await readFile(join(BUILD, path)).catch(() => null);
      const headers = { 'content-type': mediaType(path) };
      return new Response(body, { status: body ? 200 : 404, headers });
    },
    { port: 0, host: '127.0.0.1' }
  );
  return { url: `http://127.0.0.1:${server.port}`, close: () => server.close() };
}

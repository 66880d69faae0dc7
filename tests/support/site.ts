import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { isStale } from '../../src/site/freshness.ts';
import { serve } from '../../src/proxy/node-server.ts';
import { FILE_LIST } from '../../src/site/relocate.ts';
import { staticHandler } from '../../src/site/static-handler.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUILD = join(ROOT, 'build');

/** The built site on a port of its own. */
export interface Site {
  url: string;
  close(): Promise<void>;
}

/**
 * Serves the built site, building it first when the sources are newer. `semblance` takes the place
 * of its `semblance.json`: what a host may set.
 */
export async function startSite(semblance?: Record<string, unknown>): Promise<Site> {
  const sources = ['src', 'static', 'svelte.config.js', 'vite.config.ts'];
  const paths = sources.map((path) => join(ROOT, path));
  if (await isStale(join(BUILD, FILE_LIST), paths)) {
    console.log('Building the site …');
    const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
    execFileSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: ROOT });
  }
  const files = staticHandler(BUILD);
  const server = await serve(
    async (request) => {
      const isSettings = new URL(request.url).pathname === '/semblance.json';
      return semblance && isSettings ? Response.json(semblance) : files(request);
    },
    { port: 0, host: '127.0.0.1' }
  );
  return { url: `http://127.0.0.1:${server.port}`, close: () => server.close() };
}

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { serve } from '../../../src/proxy/node-server.ts';
import { staticHandler } from '../../../src/site/static-handler.ts';

/** The bench page on a port of its own. */
export interface BenchSite {
  url: string;
  /** What is written here is served below `data/`. */
  dataFolder: string;
  close(): Promise<void>;
}

/** Builds the bench page into a temporary folder, and serves it until it is closed. */
export async function startBenchSite(): Promise<BenchSite> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-page-'));
  await build({
    configFile: join(import.meta.dirname, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir: folder }
  });
  const dataFolder = join(folder, 'data');
  await mkdir(dataFolder);
  const files = staticHandler(folder);
  const server = await serve(
    async (request) => {
      const response = await files(request);
      // An isolated page has a clock of 5 µs, any other one of 100 µs.
      response.headers.set('cross-origin-embedder-policy', 'require-corp');
      return response;
    },
    { port: 0, host: '127.0.0.1' }
  );
  return {
    url: `http://127.0.0.1:${server.port}/`,
    dataFolder,
    async close() {
      await server.close();
      await rm(folder, { recursive: true });
    }
  };
}

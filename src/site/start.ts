import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import {
  aborted,
  isLoopback,
  listen,
  originsOf,
  readAddress,
  run,
  stopSignal,
  urlOf
} from '../proxy/process.ts';
import { openProxy, type RunningProxy } from '../proxy/run.ts';
import { isStale } from './freshness.ts';
import { inOrder, type Handler } from './handler.ts';
import { FILE_LIST } from './relocate.ts';
import { staticHandler } from './static-handler.ts';

/*
 * `npm start`: builds the site when it is missing or out of date, and serves it, with the proxy beside it.
 * PORT (4173) and HOST (127.0.0.1) say where; `--built` serves what was built before, as it is. With
 * OPENAI_API_KEY the proxy takes a course's placeholder token (see `readProxyConfig`).
 */

const ROOT = resolve(import.meta.dirname, '../..');
const BUILD = join(ROOT, 'build');
const SOURCES = [
  'src',
  'static',
  'package.json',
  'package-lock.json',
  'svelte.config.js',
  'vite.config.ts'
];

const stop = stopSignal();

await run(async () => {
  const address = readAddress(process.env, 4173);
  const { host } = address;
  if (await isStale(join(BUILD, FILE_LIST), sources())) await build();

  // Made once the port is known: the page's own origin is among those it answers.
  const beside: { proxy?: RunningProxy } = {};
  const handlers: Handler[] = [
    async (request, arrival) => beside.proxy?.answer(request, arrival),
    async (request) => (beside.proxy?.config.apiKey ? withProxy(request) : undefined),
    staticHandler(BUILD)
  ];
  const server = await listen(inOrder(...handlers), address, 'npm start');
  const here = { host, port: server.port };
  const around = { own: originsOf(here), loopback: isLoopback(host) };
  const proxy = (beside.proxy = openProxy(process.env, around));
  console.log(`Semblance is at ${urlOf(here)}`);
  if (proxy.config.apiKey) console.log('Its proxy takes the placeholder token at ./v1.');
  if (!isLoopback(host)) {
    console.log('It answers beyond this machine: whoever reaches this address can open it.');
  }
  await aborted(stop);
  await server.close();
  proxy.close();
}, stop);

/** `semblance.json` with the proxy beside the page, unless the host named another. */
async function withProxy(request: Request): Promise<Response | undefined> {
  if (request.method !== 'GET' || new URL(request.url).pathname !== '/semblance.json') return;
  const named = JSON.parse(await readFile(join(BUILD, 'semblance.json'), 'utf8')) as {
    proxyUrl?: string | null;
  };
  if (named.proxyUrl) return undefined;
  return Response.json(
    { ...named, proxyUrl: './v1' },
    { headers: { 'cache-control': 'no-cache' } }
  );
}

/** What the build is made from; nothing when it is to be served as it is. */
function sources(): string[] {
  return process.argv.includes('--built') ? [] : SOURCES.map((path) => join(ROOT, path));
}

/** Builds the site; shows what the build printed only when it fails. */
async function build(): Promise<void> {
  console.log('Building the site …');
  const began = performance.now();
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const child = spawn(process.execPath, [vite, 'build'], { cwd: ROOT, signal: stop });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const code = await new Promise((done, fail) => child.on('error', fail).on('close', done));
  if (code !== 0) throw new Error(`${output}\nThe build failed; see above.`);
  console.log(`Built in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
}

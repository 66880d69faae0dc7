import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { isStale } from './freshness.ts';
import { inOrder } from './handler.ts';
import { serve, type RunningServer } from './node-server.ts';
import { FILE_LIST } from './relocate.ts';
import { staticHandler } from './static-handler.ts';

/*
 * `npm start`: builds the site when it is missing or out of date, and serves it.
 * PORT (4173) and HOST (127.0.0.1) say where; `--built` serves what was built before, as it is.
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
const THIS_MACHINE = ['127.0.0.1', 'localhost', '::1'];

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
stopWithNpm();
const stopped = new Promise((resolve) => stop.signal.addEventListener('abort', resolve));

try {
  await start();
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

async function start(): Promise<void> {
  const host = process.env.HOST || '127.0.0.1';
  const port = readPort(process.env.PORT || '4173');
  if (await isStale(join(BUILD, FILE_LIST), sources())) await build();

  const server = await listen(port, host);
  const name = host.includes(':') ? `[${host}]` : host;
  console.log(`Semblance is at http://${name}:${server.port}/`);
  if (!THIS_MACHINE.includes(host)) {
    console.log('It answers beyond this machine: whoever reaches this address can open it.');
  }
  await stopped;
  await server.close();
}

/** npm ends the shell it started us by, and not us, when it is told to stop; so follow that shell. */
function stopWithNpm(): void {
  if (!process.env.npm_lifecycle_event) return;
  const shell = process.ppid;
  const check = () => (process.ppid === shell ? undefined : stop.abort());
  setInterval(check, 250).unref();
}

/** What the build is made from; nothing when it is to be served as it is. */
function sources(): string[] {
  return process.argv.includes('--built') ? [] : SOURCES.map((path) => join(ROOT, path));
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new Error(`PORT is "${text}", but has to be a number from 0 to 65535.`);
}

async function listen(port: number, host: string): Promise<RunningServer> {
  try {
    return await serve(inOrder(staticHandler(BUILD)), { port, host });
  } catch (error) {
    throw new Error(portAdvice(error as NodeJS.ErrnoException, port, host), { cause: error });
  }
}

function portAdvice({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  const advice = `Choose another one, for example: PORT=${port + 1} npm start`;
  if (code === 'EADDRINUSE') return `Port ${port} is already in use. ${advice}`;
  if (code === 'EACCES') return `Port ${port} is not allowed. ${advice}`;
  return `Can't answer on ${host}, port ${port}: ${message}`;
}

/** Builds the site; shows what the build printed only when it fails. */
async function build(): Promise<void> {
  console.log('Building the site …');
  const began = performance.now();
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const child = spawn(process.execPath, [vite, 'build'], { cwd: ROOT, signal: stop.signal });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const code = await new Promise((done, fail) => child.on('error', fail).on('close', done));
  if (code !== 0) throw new Error(`${output}\nThe build failed; see above.`);
  console.log(`Built in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
}

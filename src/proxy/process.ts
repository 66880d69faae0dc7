import { serve, type FetchHandler, type RunningServer } from './node-server.ts';

/** Where a process answers. */
export interface Address {
  host: string;
  port: number;
}

const THIS_MACHINE = ['127.0.0.1', 'localhost', '::1'];

/** `HOST` (127.0.0.1) and `PORT` of the environment. Throws an Error that says what is wrong. */
export function readAddress(env: NodeJS.ProcessEnv, usualPort: number): Address {
  const text = env['PORT'] || String(usualPort);
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`PORT is "${text}", but has to be a number from 0 to 65535.`);
  }
  return { host: env['HOST'] || '127.0.0.1', port };
}

/** Whether only this machine can reach a host. */
export function isLoopback(host: string): boolean {
  return THIS_MACHINE.includes(host);
}

/** The origins that pages at an address can have. */
export function originsOf({ host, port }: Address): string[] {
  const names = isLoopback(host) ? ['127.0.0.1', 'localhost', '[::1]'] : [urlHost(host)];
  return names.map((name) => new URL(`http://${name}:${port}`).origin);
}

/** The URL of an address. */
export function urlOf({ host, port }: Address): string {
  return `http://${urlHost(host)}:${port}/`;
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Serves a handler; throws an Error that says what to do when the port can't be had. */
export async function listen(
  handler: FetchHandler,
  { host, port }: Address,
  command: string
): Promise<RunningServer> {
  try {
    return await serve(handler, { port, host });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const advice = `Choose another one, for example: PORT=${port + 1} ${command}`;
    const reasons: Record<string, string> = {
      EADDRINUSE: `Port ${port} is already in use. ${advice}`,
      EACCES: `Port ${port} is not allowed. ${advice}`
    };
    const otherwise = `Can't answer on ${host}, port ${port}: ${message}`;
    throw new Error(reasons[code ?? ''] ?? otherwise, { cause: error });
  }
}

/** Aborts when the process is told to stop. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  stopWithNpm(stop);
  return stop.signal;
}

/** npm ends the shell it started us by, and not us, when it is told to stop; so follow that shell. */
function stopWithNpm(stop: AbortController): void {
  if (!process.env['npm_lifecycle_event']) return;
  const shell = process.ppid;
  const check = () => (process.ppid === shell ? undefined : stop.abort());
  setInterval(check, 250).unref();
}

/** Resolves once a signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Runs a program; an error is told in its own words, and ends the process with 1. */
export async function run(program: () => Promise<void>, stop: AbortSignal): Promise<void> {
  try {
    await program();
  } catch (error) {
    if (stop.aborted) return;
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

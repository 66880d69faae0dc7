import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What is known of a request beside itself. */
export interface Arrival {
  /** The address of whoever connected; null when it is gone already. */
  address: string | null;
}

/** A fetch handler that knows where a request comes from. */
export type FetchHandler = (request: Request, arrival: Arrival) => Promise<Response>;

/** How long a request's headers, and all of it, may take to arrive: whoever is slower is sent away. */
const HEADERS_MS = 15_000;
const REQUEST_MS = 60_000;

/** A running server. */
export interface RunningServer {
  /** The port it answers on; the one chosen by the system when 0 was asked for. */
  port: number;
  /** Stops it, and ends the connections that are open. */
  close(): Promise<void>;
}

/**
 * Serves a fetch handler by `node:http`. Bodies stream both ways with back-pressure; the request's
 * signal aborts when the client goes away; a handler that throws is answered with 500.
 * Throws what `listen` throws, such as `EADDRINUSE`.
 */
export async function serve(
  handler: FetchHandler,
  { port, host }: { port: number; host: string }
): Promise<RunningServer> {
  const timeouts = { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS };
  const server = createServer(
    timeouts,
    (incoming, outgoing) => void answer(handler, incoming, outgoing)
  );
  await listen(server, port, host);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      })
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(
  handler: FetchHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse
): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const response = await respond(handler, incoming, gone.signal);
  // As pairs in one list, so that several set-cookie headers stay several.
  outgoing.writeHead(response.status, [...response.headers].flat());
  if (!response.body) {
    outgoing.end();
    return;
  }
  // Fails only when either side is gone, and then both are ended: nobody is left to tell.
  await pipeline(response.body, outgoing).catch(() => undefined);
}

/** The handler's response, or one that says that the request or the handler was at fault. */
async function respond(
  handler: FetchHandler,
  incoming: IncomingMessage,
  signal: AbortSignal
): Promise<Response> {
  let request: Request;
  try {
    request = toRequest(incoming, signal);
  } catch {
    return new Response('Bad request\n', { status: 400 });
  }
  try {
    return await handler(request, { address: incoming.socket.remoteAddress ?? null });
  } catch (error) {
    if (!signal.aborted) console.error(error);
    return new Response('Internal error\n', { status: 500 });
  }
}

/** Throws a TypeError when it is no request a fetch handler can be asked (such as CONNECT). */
function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET', url = '', headers, rawHeaders } = incoming;
  if (!url.startsWith('/')) throw new TypeError('Only paths of this host are served.');
  const pairs: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return new Request(`http://${headers.host ?? 'localhost'}${url}`, {
    method,
    headers: pairs,
    signal,
    ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' } : {})
  });
}

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { control, type ControlMessage } from './openai-server/control.ts';
import { answerEmbeddings, send, setHeaders } from './openai-server/embeddings.ts';
import { ApiError, checkKey } from './openai-server/errors.ts';
import { FaultQueue } from './openai-server/faults.ts';
import { Ledger } from './openai-server/ledger.ts';
import { modelList, MODELS, type Models } from './openai-server/models.ts';

export type { ControlMessage } from './openai-server/control.ts';
export type { Fault, FaultKind, FaultQueue } from './openai-server/faults.ts';
export type { Ledger, LedgerEntry } from './openai-server/ledger.ts';
export type { RateLimits } from './openai-server/rate-limit.ts';

/** The key a server takes unless told otherwise. */
export const TEST_KEY = 'sk-test-semblance';

/** How a stand-in differs from the usual one. */
export interface OpenAIServerOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** Valid API keys; null asks for none, as many servers at home do. */
  keys?: readonly string[] | null;
  /** Models it has beside OpenAI's. */
  models?: Models;
  /** Origins whose pages may read answers; `*`, the default, allows all, as OpenAI does. */
  corsOrigins?: '*' | readonly string[];
  /** Headers such pages may read. OpenAI shows the request's id only, not its rate limits. */
  exposeHeaders?: readonly string[];
}

/** A running stand-in. */
export interface OpenAIServer {
  /** `http://127.0.0.1:PORT` */
  url: string;
  /** What a client takes as its base URL: `url` and `/v1`. */
  baseUrl: string;
  ledger: Ledger;
  faults: FaultQueue;
  /** Ends all connections, answered or not. */
  close(): Promise<void>;
}

/**
 * Starts a stand-in for OpenAI's embeddings endpoint on this machine: as strict as the real one, with
 * vectors that need no model, a ledger of what was asked, and faults to order. Tests in another
 * process order them by `POST /__control` (a {@link ControlMessage}) and read `GET /__ledger`.
 */
export async function startOpenAIServer(options: OpenAIServerOptions = {}): Promise<OpenAIServer> {
  const {
    port = 0,
    keys = [TEST_KEY],
    models = {},
    corsOrigins = '*',
    exposeHeaders = ['x-request-id']
  } = options;
  const ledger = new Ledger();
  const faults = new FaultQueue();
  const closing = new AbortController();
  const known = { ...MODELS, ...models };

  async function answerApi(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = performance.now();
    const { pathname } = new URL(request.url!, 'http://localhost');
    const entry = ledger.open(request.method!, pathname, request.headers);
    response.once('finish', () => (entry.status = response.statusCode));
    response.once('close', () => ledger.close());
    setHeaders(response, {
      'openai-organization': 'org-stand-in',
      'openai-version': '2020-10-01',
      'x-request-id': `req_${randomBytes(16).toString('hex')}`
    });
    if (keys) checkKey(request.headers.authorization, keys);
    const route = checkRoute(request.method!, pathname);
    if (route === 'models')
      send(response, 200, JSON.stringify(modelList(known)), 'application/json');
    else {
      const { signal } = closing;
      const exchange = { request, response, entry, faults, models: known, startedMs };
      await answerEmbeddings({ ...exchange, closing: signal });
    }
  }

  async function answerControl(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const message =
      request.method === 'POST'
        ? ((await json(request)) as ControlMessage)
        : { action: 'ledger' as const };
    send(response, 200, JSON.stringify(control(message, faults, ledger)), 'application/json');
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ours = request.url === '/__control' || request.url === '/__ledger';
    setHeaders(response, corsHeaders(request, ours ? '*' : corsOrigins, exposeHeaders));
    try {
      if (request.method === 'OPTIONS') response.writeHead(204).end();
      else await (ours ? answerControl : answerApi)(request, response);
    } catch (error) {
      if (response.destroyed || closing.signal.aborted) return;
      refuse(response, error);
    }
  }

  // Idle connections stay open, so that no client ever meets one closing under its next request.
  const server = createServer(
    { keepAliveTimeout: 0 },
    (request, response) => void answer(request, response)
  );
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    baseUrl: `${url}/v1`,
    ledger,
    faults,
    async close() {
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
  };
}

function checkRoute(method: string, pathname: string): 'models' | 'embeddings' {
  const methods: Record<string, string> = { '/v1/models': 'GET', '/v1/embeddings': 'POST' };
  if (!Object.hasOwn(methods, pathname))
    throw new ApiError(404, `Invalid URL (${method} ${pathname})`);
  if (methods[pathname] !== method) {
    throw new ApiError(
      405,
      `Not allowed to ${method} on ${pathname}. (HINT: Perhaps you meant to use a different HTTP method?)`
    );
  }
  return pathname === '/v1/models' ? 'models' : 'embeddings';
}

/** Sends a refusal in OpenAI's words; a mistake of the stand-in or of its user, as it is. */
function refuse(response: ServerResponse, error: unknown): void {
  if (!(error instanceof ApiError)) {
    send(response, 500, error instanceof Error ? error.stack! : String(error), 'text/plain');
    return;
  }
  setHeaders(response, error.headers);
  send(response, error.status, JSON.stringify(error), 'application/json');
}

/** What lets pages of other origins call, with the headers they ask to send. */
function corsHeaders(
  request: IncomingMessage,
  origins: '*' | readonly string[],
  exposed: readonly string[]
): Record<string, string> {
  const { origin } = request.headers;
  if (origin === undefined) return {};
  const vary: Record<string, string> = origins === '*' ? {} : { vary: 'origin' };
  if (origins !== '*' && !origins.includes(origin)) return vary;
  const allow = { ...vary, 'access-control-allow-origin': origins === '*' ? '*' : origin };
  if (request.method !== 'OPTIONS') {
    return { ...allow, 'access-control-expose-headers': exposed.join(', ') };
  }
  return {
    ...allow,
    'access-control-allow-methods': 'GET, OPTIONS, POST',
    'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '',
    'access-control-max-age': '7200'
  };
}

if (import.meta.main) {
  const { baseUrl } = await startOpenAIServer({ port: Number(process.argv[2] ?? 0) });
  console.log(`${baseUrl} (key: ${TEST_KEY})`);
}

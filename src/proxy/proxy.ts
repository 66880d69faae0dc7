import type { Budget, Grant } from './budget.ts';
import type { Pace, Taken } from './buckets.ts';
import { checkCall, type Call } from './check-call.ts';
import { clientKey } from './client-key.ts';
import { PLACEHOLDER, type ProxyConfig } from './config.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { readBody } from './read-body.ts';
import { Refusal, type RefusalCode } from './refusal.ts';
import type { Arrival } from './node-server.ts';
import { askUpstream } from './upstream.ts';

/** A line of the log: no address, no text, no token. */
export interface LogEntry {
  status: number;
  code: RefusalCode | null;
  inputs: number;
  tokens: number;
  ms: number;
}

/** What a proxy works with. */
export interface ProxyParts {
  config: ProxyConfig;
  pace: Pace;
  budget: Budget;
  fetch?: typeof globalThis.fetch;
  now?: () => number;
  log?: (entry: LogEntry) => void;
}

/** Answers the proxy's own paths; undefined for all others. */
export type Proxy = (request: Request, arrival: Arrival) => Promise<Response | undefined>;

/** Where it answers. */
export const PATHS = { embeddings: '/v1/embeddings', health: '/v1/health' } as const;

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff'
};

/**
 * A proxy for `POST /v1/embeddings`: requests with the placeholder token go on to the upstream with the
 * operator's key. What may pass is checked from the cheapest to the dearest: path, method, origin, token,
 * the client's pace, body, budget, and only then the upstream is asked.
 */
export function createProxy({
  config,
  pace,
  budget,
  fetch = globalThis.fetch.bind(globalThis),
  now = Date.now,
  log = () => {}
}: ProxyParts): Proxy {
  let active = 0;

  async function embeddings(request: Request, client: string, headers: Headers) {
    if (request.method !== 'POST') throw new Refusal('method_not_allowed');
    checkToken(request.headers.get('authorization'));
    const { apiKey, limits, upstreamUrl, models } = config;
    if (apiKey === null) throw new Refusal('proxy_not_configured');
    const taken = await askPace(client);
    tellPace(headers, taken, limits.requestsPerMinute);
    if (!taken.granted) {
      throw new Refusal('rate_limit_exceeded', { retryAfterMs: taken.retryAfterMs });
    }
    checkMedia(request.headers);
    const bytes = await readBody(request, limits.maxBodyBytes, limits.bodyMs);
    const call = checkCall(bytes, models, limits.maxInputs);
    if (active >= limits.concurrency) throw new Refusal('overloaded', { retryAfterMs: 1000 });
    active++;
    let grant: Grant | undefined;
    try {
      grant = await reserve(client, call);
      const upstream = { ...limits, url: upstreamUrl, apiKey };
      const answer = await askUpstream(call.body, upstream, fetch, request.signal);
      const left = await budget.left(client);
      // What was set aside and is not used will be given back.
      tellLeft(headers, left.tokens + call.tokens - estimate(call), left.resetMs);
      const settled = answer.tokens.then((tokens) => settle(grant!, tokens));
      return { body: answer.body, inputs: call.inputs, ended: settled.finally(() => active--) };
    } catch (error) {
      active--;
      // A refused request took nothing; one whose end is unknown may have.
      if (grant && error instanceof Refusal && error.code !== 'upstream_timeout') {
        await settle(grant, 0);
      }
      throw error;
    }
  }

  async function askPace(client: string): Promise<Taken> {
    try {
      return await pace.take(client);
    } catch {
      throw new Refusal('budget_unavailable');
    }
  }

  async function reserve(client: string, call: Call): Promise<Grant> {
    let grant: Grant | null;
    try {
      grant = await budget.reserve(client, call.tokens);
    } catch {
      throw new Refusal('budget_unavailable');
    }
    if (grant) return grant;
    const { resetMs } = await budget.left(client).catch(() => ({ resetMs: 3_600_000 }));
    throw new Refusal('daily_budget_exceeded', { retryAfterMs: resetMs });
  }

  /** Counts what a request took; all that was set aside where nobody knows. Returns it. */
  async function settle(grant: Grant, tokens: number | null): Promise<number> {
    const took = tokens ?? grant.tokens;
    await budget.settle(grant, took).catch(() => {});
    return took;
  }

  async function health(client: string) {
    const { limits, models, apiKey } = config;
    const none = { tokens: 0, resetMs: 0 };
    const left = apiKey === null ? none : await budget.left(client).catch(() => none);
    return {
      ready: apiKey !== null,
      models: models.map(({ id }) => id),
      limits: {
        maxInputs: limits.maxInputs,
        maxBodyBytes: limits.maxBodyBytes,
        concurrency: Math.min(limits.concurrency, limits.burst),
        requestsPerMinute: limits.requestsPerMinute,
        dailyTokens: limits.dailyTokensPerClient
      },
      left: { tokens: left.tokens, resetMs: left.resetMs }
    };
  }

  return async (request, { address }) => {
    const path = new URL(request.url).pathname;
    if (path !== PATHS.embeddings && path !== PATHS.health) return undefined;
    const from = now();
    const header = config.clientHeader === null ? null : request.headers.get(config.clientHeader);
    const client = clientKey(config.clientHeader === null ? address : header);
    const origin = request.headers.get('origin');
    const headers = new Headers({ ...SECURITY_HEADERS, 'x-request-id': crypto.randomUUID() });
    const note = (status: number, code: RefusalCode | null, inputs = 0, tokens = 0) =>
      log({ status, code, inputs, tokens, ms: Math.round(now() - from) });
    try {
      const allowed = origin === null ? config.withoutOrigin : config.origins.has(origin);
      if (!allowed) throw new Refusal('origin_not_allowed');
      if (request.method === 'OPTIONS' && origin !== null) {
        const asked = request.headers.get('access-control-request-headers');
        setAll(headers, preflightHeaders(origin, asked));
        note(204, null);
        return new Response(null, { status: 204, headers });
      }
      setAll(headers, corsHeaders(origin));
      if (path === PATHS.health) {
        if (request.method !== 'GET') throw new Refusal('method_not_allowed');
        return json(200, await health(client), headers);
      }
      const { body, inputs, ended } = await embeddings(request, client, headers);
      ended.then((tokens) => note(200, null, inputs, tokens)).catch(() => {});
      headers.set('content-type', 'application/json');
      return new Response(body, { status: 200, headers });
    } catch (error) {
      if (!(error instanceof Refusal)) {
        note(499, null);
        throw error;
      }
      note(error.status, error.code);
      if (error.retryAfterS !== undefined) headers.set('retry-after', String(error.retryAfterS));
      if (error.code === 'method_not_allowed') headers.set('allow', 'POST, OPTIONS');
      // An unread body would be taken for the next request.
      if (request.body && !request.bodyUsed) headers.set('connection', 'close');
      return json(error.status, error, headers);
    }
  };
}

function checkToken(authorization: string | null): void {
  const token = /^Bearer +(.*)$/i.exec(authorization ?? '')?.[1]?.trim();
  if (token === PLACEHOLDER) return;
  throw new Refusal(token?.startsWith('sk-') ? 'real_key_refused' : 'invalid_token');
}

function checkMedia(headers: Headers): void {
  const isJson = /^application\/json\s*(;.*)?$/i.test(headers.get('content-type') ?? '');
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (!isJson || encoding !== 'identity') throw new Refusal('unsupported_media_type');
}

/** About so many tokens: four bytes each. Only for telling what will be left. */
function estimate({ tokens }: Call): number {
  return Math.ceil(tokens / 4);
}

function tellPace(headers: Headers, { remaining, retryAfterMs }: Taken, perMinute: number): void {
  headers.set('x-ratelimit-limit-requests', String(perMinute));
  headers.set('x-ratelimit-remaining-requests', String(remaining));
  headers.set('x-ratelimit-reset-requests', `${Math.ceil(retryAfterMs / 1000)}s`);
}

function tellLeft(headers: Headers, tokens: number, resetMs: number): void {
  headers.set('x-ratelimit-remaining-tokens', String(tokens));
  headers.set('x-ratelimit-reset-tokens', `${Math.ceil(resetMs / 1000)}s`);
}

function setAll(headers: Headers, more: Record<string, string>): void {
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
}

function json(status: number, value: object, headers: Headers): Response {
  headers.set('content-type', 'application/json');
  return new Response(`${JSON.stringify(value)}\n`, { status, headers });
}

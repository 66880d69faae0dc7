import { MODELS } from '#lib/embedding/catalogue.ts';
import type { ProxyModel } from './check-call.ts';

/** How a proxy is run. Everything has a default but the key. */
export interface ProxyConfig {
  /** The upstream's key; null while there is none: every request is then refused. */
  apiKey: string | null;
  /** The upstream's embeddings endpoint. */
  upstreamUrl: string;
  models: readonly ProxyModel[];
  /** Origins whose pages may use it, exactly as browsers write them. */
  origins: ReadonlySet<string>;
  /** Whether requests without an origin (from programs) are answered. */
  withoutOrigin: boolean;
  /** The header in which the platform in front tells a client's address; null where there is none. */
  clientHeader: string | null;
  limits: ProxyLimits;
}

/** What a proxy takes, from one client and from all. */
export interface ProxyLimits {
  maxBodyBytes: number;
  maxInputs: number;
  requestsPerMinute: number;
  burst: number;
  dailyTokens: number;
  dailyTokensPerClient: number;
  /** Requests at the upstream at once. */
  concurrency: number;
  /** For a request's body to arrive. */
  bodyMs: number;
  /** For the upstream to begin its answer, between two pieces of it, and for all. */
  headersMs: number;
  idleMs: number;
  totalMs: number;
  maxAnswerBytes: number;
}

/** The text that stands for a key: whoever sends it shares the proxy's. */
export const PLACEHOLDER = '<OPENAI_API_TOKEN>';

/** What requests are limited to unless the operator says otherwise. */
export const LIMITS: ProxyLimits = {
  maxBodyBytes: 2_000_000,
  maxInputs: 512,
  requestsPerMinute: 60,
  burst: 20,
  dailyTokens: 5_000_000,
  dailyTokensPerClient: 500_000,
  concurrency: 8,
  bodyMs: 15_000,
  headersMs: 30_000,
  idleMs: 15_000,
  totalMs: 60_000,
  // 512 vectors of 3,072 dimensions as decimals.
  maxAnswerBytes: 64_000_000
};

type Environment = Record<string, string | undefined>;

/**
 * Reads what an operator set, in the environment:
 *
 * - `OPENAI_API_KEY`: the key that is put in the placeholder's place.
 * - `OPENAI_BASE_URL`: another upstream than OpenAI, which speaks its protocol.
 * - `PROXY_MODELS`: names of the models on offer, by commas; OpenAI's unless given.
 * - `PROXY_ORIGINS`: origins whose pages may use it, by commas, beside the page's own.
 * - `PROXY_WITHOUT_ORIGIN`: `yes` or `no`, whether programs may.
 * - `PROXY_CLIENT_HEADER`: the header in which a server in front tells a client's address.
 * - `PROXY_REQUESTS_PER_MINUTE`, `PROXY_BURST`, `PROXY_CONCURRENCY`, `PROXY_DAILY_TOKENS`,
 *   `PROXY_DAILY_TOKENS_PER_CLIENT`, `PROXY_MAX_INPUTS`, `PROXY_MAX_BODY_BYTES`.
 *
 * `own` are the origins of the page that is served beside it; `loopback`, whether only this machine can
 * reach it: programs are then answered unless told otherwise. Throws an Error that names what is wrong.
 */
export function readProxyConfig(
  env: Environment,
  { own = [], loopback = false }: { own?: readonly string[]; loopback?: boolean } = {}
): ProxyConfig {
  const number = (name: string, usual: number) => readNumber(env, name, usual);
  const origins = listOf(env['PROXY_ORIGINS']).map((given) => readOrigin(given));
  return {
    apiKey: env['OPENAI_API_KEY']?.trim() || null,
    upstreamUrl: readUpstream(env['OPENAI_BASE_URL']),
    models: readModels(env['PROXY_MODELS'], Boolean(env['OPENAI_BASE_URL'])),
    origins: new Set([...own, ...origins]),
    withoutOrigin: readYesOrNo(env, 'PROXY_WITHOUT_ORIGIN', loopback),
    clientHeader: env['PROXY_CLIENT_HEADER']?.trim().toLowerCase() || null,
    limits: {
      ...LIMITS,
      maxBodyBytes: number('PROXY_MAX_BODY_BYTES', LIMITS.maxBodyBytes),
      maxInputs: number('PROXY_MAX_INPUTS', LIMITS.maxInputs),
      requestsPerMinute: number('PROXY_REQUESTS_PER_MINUTE', LIMITS.requestsPerMinute),
      burst: number('PROXY_BURST', LIMITS.burst),
      dailyTokens: number('PROXY_DAILY_TOKENS', LIMITS.dailyTokens),
      dailyTokensPerClient: number('PROXY_DAILY_TOKENS_PER_CLIENT', LIMITS.dailyTokensPerClient),
      concurrency: number('PROXY_CONCURRENCY', LIMITS.concurrency)
    }
  };
}

function readUpstream(given: string | undefined): string {
  const text = given?.trim() || 'https://api.openai.com/v1';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && !url.username && !url.password && !url.search && !url.hash;
  if (!plain || !/^https?:$/.test(url.protocol)) {
    throw new Error('OPENAI_BASE_URL has to be an address such as https://api.openai.com/v1.');
  }
  return `${url.href.replace(/\/+$/, '').replace(/\/embeddings$/, '')}/embeddings`;
}

function readModels(given: string | undefined, elsewhere: boolean): ProxyModel[] {
  const known = MODELS.filter(({ provider }) => provider === 'openai').map(
    ({ id, dimensions, choices }): ProxyModel => ({ id, dimensions, shortens: choices.length > 1 })
  );
  const names = listOf(given);
  if (names.length === 0) return known;
  return names.map((name) => {
    const model = elsewhere ? undefined : known.find(({ id }) => id === name);
    return model ?? { id: name, dimensions: null, shortens: true };
  });
}

function readOrigin(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.origin === given.replace(/\/$/, '')) {
    return url.origin;
  }
  throw new Error(
    `PROXY_ORIGINS has “${given}”, which is no origin such as https://course.example: scheme, host and port, no path, no star.`
  );
}

function readYesOrNo(env: Environment, name: string, usual: boolean): boolean {
  const given = env[name]?.trim().toLowerCase() || (usual ? 'yes' : 'no');
  if (given !== 'yes' && given !== 'no') throw new Error(`${name} has to be yes or no.`);
  return given === 'yes';
}

function readNumber(env: Environment, name: string, usual: number): number {
  const given = env[name]?.trim();
  if (!given) return usual;
  const number = Number(given);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`${name} is “${given}”, but has to be a whole number above 0.`);
}

function listOf(given: string | undefined): string[] {
  return (given ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);
}

import { ProviderError } from '#lib/base/errors.ts';
import { isLocalHost } from '../catalogue.ts';
import type { ProviderErrorCode } from '../types.ts';
import { proxyRefusal, TELL_COURSE } from './proxy-failure.ts';

/** Whose endpoint it is, as far as advice goes. */
export interface Endpoint {
  identity: 'openai' | 'course' | 'compatible';
  /** Normalised. */
  baseUrl: string;
}

/** What an endpoint answered instead of vectors. */
export interface Refusal {
  status: number;
  /** OpenAI's `type`, `code` and `param`; empty when absent. */
  type: string;
  code: string;
  param: string;
  /** The endpoint's own words; empty when it has none. */
  said: string;
  retryAfterMs: number | undefined;
}

const ADVICE: Partial<Record<ProviderErrorCode, string>> = {
  'rate-limit': 'Wait a little; a run goes on by itself.',
  server: 'Try again in a while.',
  timeout: 'Try again; a slow server may need smaller texts or a smaller model.',
  forbidden: 'Check what this key may do, and whether the service is offered where you are.',
  model: 'Choose another model, or check its name.',
  dimensions: "Choose the model's own dimensions.",
  input: 'Change the text, or leave it out.'
};

/**
 * The error for a refusal: its code (what the run does about it), a sentence that quotes the
 * endpoint, and advice. Statuses and codes are those of OpenAI's documentation
 * (platform.openai.com/docs/guides/error-codes); compatible servers are read with the same eyes.
 */
export function refusalError(refusal: Refusal, endpoint: Endpoint): ProviderError {
  const { status, said, retryAfterMs } = refusal;
  const detail = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  const ours = endpoint.identity === 'course' ? proxyRefusal(refusal) : undefined;
  if (ours) return new ProviderError(ours.code, ours.message, ours.next, detail);
  const code = codeOf(refusal);
  const words = said ? `: “${said}”` : '.';
  return new ProviderError(
    code,
    `${happened(code, refusal)}${words}`,
    advice(code, refusal, endpoint),
    detail
  );
}

function codeOf({ status, type, code, param, said }: Refusal): ProviderErrorCode {
  const isQuota = /insufficient_quota|billing/.test(`${type} ${code}`);
  if (isQuota || status === 402) return 'quota';
  if (status === 401) return 'key';
  if (code === 'model_not_found' || status === 404 || status === 405) return 'model';
  if (status === 408) return 'timeout';
  if (status === 429) return 'rate-limit';
  if (status === 409 || status === 425 || status >= 500) return 'server';
  if (status === 413) return 'input';
  if (status !== 400 && status !== 422) return 'forbidden';
  if (param === 'model') return 'model';
  return param === 'dimensions' || /\bdimensions\b/i.test(said) ? 'dimensions' : 'input';
}

function happened(code: ProviderErrorCode, { status }: Refusal): string {
  const sentences: Partial<Record<ProviderErrorCode, string>> = {
    quota: 'The account has no credit left',
    key: 'The endpoint did not accept the API key',
    forbidden: `The endpoint refused the request (${status})`,
    model: `The endpoint does not offer this model (${status})`,
    dimensions: "The model can't answer with these dimensions",
    'rate-limit': 'The endpoint asked for a pause: rate limit',
    server: `The endpoint had an error (${status})`,
    timeout: 'The endpoint took too long',
    input: `The endpoint refused a text (${status})`
  };
  return sentences[code]!;
}

function advice(code: ProviderErrorCode, { status, said }: Refusal, endpoint: Endpoint): string {
  const { identity, baseUrl } = endpoint;
  if (code === 'quota') {
    return identity === 'openai'
      ? 'Add credit or raise the limit at platform.openai.com/settings/organization/billing, then resume.'
      : 'Ask whoever runs this endpoint, then resume.';
  }
  if (code === 'key') {
    return identity === 'course'
      ? 'Ask your course for a token that is valid now.'
      : 'Check the API key in Settings.';
  }
  if (code === 'model' && status === 404 && !/model/i.test(said)) {
    return `Check the base URL: there is nothing at ${baseUrl}/embeddings, and most servers' end in /v1.`;
  }
  return ADVICE[code]!;
}

/**
 * The error for an endpoint that could not be reached. A browser doesn't tell a server that is off
 * from one that does not allow this page, so the advice names both. `origin` is the page's.
 */
export function unreachableError(
  { identity, baseUrl }: Endpoint,
  origin: string | undefined
): ProviderError {
  const { hostname, protocol, host } = new URL(baseUrl);
  if (identity === 'course') {
    return new ProviderError(
      'unreachable',
      `The course’s proxy (${host}) can’t be reached.`,
      `Check your connection. If it is there: ${TELL_COURSE}`
    );
  }
  const page = origin ?? 'this page';
  let next = `Check your connection, and that ${host} allows requests from ${page} (CORS).`;
  if (isLocalHost(hostname)) {
    next = `Is the server running, and does it allow requests from ${page}? (For Ollama set OLLAMA_ORIGINS=${origin ?? '*'}, in LM Studio enable CORS.)`;
  } else if (protocol === 'http:' && origin?.startsWith('https:')) {
    next = `A page served over HTTPS can't call a plain HTTP address: give ${host} HTTPS.`;
  }
  return new ProviderError('unreachable', `${host} can't be reached.`, next);
}

/** The error for an answer that took longer than `timeoutMs`. */
export function timeoutError(timeoutMs: number): ProviderError {
  return new ProviderError(
    'timeout',
    `The endpoint did not answer within ${timeoutMs / 1000} s.`,
    ADVICE.timeout
  );
}

/** The same error without any trace of the key. */
export function withoutKey(error: ProviderError, apiKey: string): ProviderError {
  if (apiKey === '') return error;
  const hide = (text: string) => hideKey(text, apiKey);
  return new ProviderError(error.code, hide(error.message), hide(error.next), { ...error.detail });
}

/** A text with every occurrence of the key replaced; an empty key occurs nowhere. */
export function hideKey(text: string, apiKey: string): string {
  return apiKey === '' ? text : text.replaceAll(apiKey, '•••');
}

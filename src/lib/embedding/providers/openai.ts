import { CancelledError, ProviderError, throwIfCancelled } from '#lib/base/errors.ts';
import type * as Sdk from 'openai';
import type { EmbeddingCreateParams } from 'openai/resources/embeddings';
import { normaliseBaseUrl } from '../catalogue.ts';
import type {
  EmbeddingAnswer,
  EmbeddingRequest,
  InspectableProvider,
  InspectedAnswer,
  ProviderLimits
} from '../types.ts';
import { fetchOnly } from './allowlist.ts';
import { checkAnswer } from './check-answer.ts';
import {
  hideKey,
  refusalError,
  timeoutError,
  unreachableError,
  withoutKey,
  type Endpoint,
  type Refusal
} from './failure.ts';
import { inspectBody, listenTo } from './inspect.ts';
import { retryAfterMs, saidRetryMs } from './retry-after.ts';

const OPENAI_URL = 'https://api.openai.com/v1';
const TIMEOUT_MS = 60_000;

/**
 * OpenAI's limits: 2,048 inputs and 300,000 tokens a request, 8,192 tokens an input
 * (platform.openai.com/docs/api-reference/embeddings/create), the latter two with room to spare.
 */
const OPENAI_LIMITS: ProviderLimits = {
  maxInputs: 2048,
  maxInputTokens: 8191,
  maxRequestTokens: 250_000,
  concurrency: 4
};

/** A course's proxy takes less; these are what ours takes unless its host says otherwise, and it says so. */
const COURSE_LIMITS: ProviderLimits = {
  ...OPENAI_LIMITS,
  maxInputs: 512,
  maxRequestBytes: 1_900_000
};

/** Other servers often run on one computer, and compute a request in one go. */
const COMPATIBLE_LIMITS: ProviderLimits = {
  maxInputs: 64,
  maxInputTokens: 8191,
  maxRequestTokens: 100_000,
  concurrency: 2
};

const LIMITS: Record<Endpoint['identity'], ProviderLimits> = {
  openai: OPENAI_LIMITS,
  course: COURSE_LIMITS,
  compatible: COMPATIBLE_LIMITS
};

/** How to reach an endpoint that speaks OpenAI's protocol. */
export interface OpenAIOptions extends Pick<Endpoint, 'identity'> {
  /** OpenAI's own unless given; a course's and a compatible server's must be. */
  baseUrl?: string;
  /** Empty for compatible servers that ask for none. */
  apiKey: string;
  /** The global one unless given. */
  fetch?: typeof globalThis.fetch;
  /** For a whole answer; 60 s unless given. */
  timeoutMs?: number;
  /** What the endpoint says it takes, in place of what is usual. */
  limits?: Partial<ProviderLimits>;
  /** Hears the headers of every answer, refusals included. */
  onHeaders?: (headers: Headers) => void;
}

/**
 * A provider for OpenAI's `POST /embeddings`: OpenAI itself, a course's proxy, or a compatible
 * server. It calls that one URL and no other, tries once (the run decides about more), checks and
 * normalises what comes back, and never lets the key into an error. The SDK is loaded with the
 * first request. Throws `ProviderError` `base-url` when the address is none; `embed` throws as
 * {@link Provider} says.
 */
export function createOpenAIProvider(options: OpenAIOptions): InspectableProvider {
  const { identity, timeoutMs = TIMEOUT_MS, onHeaders = () => {} } = options;
  const { fetch = globalThis.fetch.bind(globalThis) } = options;
  const apiKey = options.apiKey.trim();
  const baseUrl = normaliseBaseUrl(options.baseUrl ?? (identity === 'openai' ? OPENAI_URL : ''));
  const endpoint: Endpoint = { identity, baseUrl };
  const guarded = fetchOnly(`${baseUrl}/embeddings`, async (input, init) => {
    const response = await fetch(input, init);
    onHeaders(response.headers);
    return response;
  });
  /** Some servers refuse base64; once one did, it is asked for numbers. */
  let encoding: 'base64' | 'float' = 'base64';

  async function ask(request: EmbeddingRequest, signal: AbortSignal): Promise<EmbeddingAnswer> {
    const client = await makeClient(baseUrl, apiKey, guarded, timeoutMs);
    const answer = await client.embeddings.create(toBody(request, encoding), { signal });
    return checkAnswer(answer, request.inputs.length, request.dimensions);
  }

  async function askAgain(
    request: EmbeddingRequest,
    signal: AbortSignal
  ): Promise<EmbeddingAnswer> {
    try {
      return await ask(request, signal);
    } catch (error) {
      if (encoding === 'float' || !refusesEncoding(error)) throw error;
      encoding = 'float';
      return ask(request, signal);
    }
  }

  async function inspect(request: EmbeddingRequest, signal: AbortSignal): Promise<InspectedAnswer> {
    const heard = listenTo(guarded, (text) => hideKey(text, apiKey));
    const client = await makeClient(baseUrl, apiKey, heard.fetch, timeoutMs);
    try {
      const { inputs } = request;
      const input = inputs.length === 1 ? inputs[0]! : inputs;
      await client.embeddings.create({ ...toBody(request, 'float'), input }, { signal });
      return inspectBody(await heard.last(), request);
    } catch (error) {
      const { reply } = await heard.last().catch(() => ({ reply: undefined }));
      const { code, message, next, detail } = explain(error, endpoint, apiKey);
      throw new ProviderError(code, message, next, { ...detail, ...(reply && { reply }) });
    }
  }

  /** Ends what takes too long, explains what fails, and keeps the key out of it. */
  async function within<T>(
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined
  ): Promise<T> {
    throwIfCancelled(signal);
    assertKey(apiKey, identity);
    // The SDK's own timeout ends with the headers; a body may stall as well.
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await work(signal ? AbortSignal.any([signal, timeout]) : timeout);
    } catch (error) {
      if (signal?.aborted) throw new CancelledError();
      const explained = timeout.aborted
        ? timeoutError(timeoutMs)
        : explain(error, endpoint, apiKey);
      throw withoutKey(explained, apiKey);
    }
  }

  return {
    // Looked up each time: an endpoint may say what it takes after it was first asked.
    get limits() {
      return { ...LIMITS[identity], ...options.limits };
    },
    embed: (request, signal) => within((ended) => askAgain(request, ended), signal),
    inspect: (request, signal) => within((ended) => inspect(request, ended), signal)
  };
}

/** A request as the SDK takes it. */
function toBody(
  { inputs, model, dimensions }: EmbeddingRequest,
  encoding: 'base64' | 'float'
): EmbeddingCreateParams {
  const body: EmbeddingCreateParams = { input: inputs, model, encoding_format: encoding };
  if (dimensions !== undefined) body.dimensions = dimensions;
  return body;
}

let sdk: Promise<typeof Sdk> | undefined;

/** Loads the SDK once; a load that failed is forgotten. */
function loadSdk(): Promise<typeof Sdk> {
  sdk ??= import('openai').catch(() => {
    sdk = undefined;
    throw new ProviderError(
      'unreachable',
      'A part of this page could not be loaded.',
      'Check your connection and try again.'
    );
  });
  return sdk;
}

async function makeClient(
  baseURL: string,
  apiKey: string,
  fetch: typeof globalThis.fetch,
  timeout: number
): Promise<Sdk.OpenAI> {
  const { OpenAI } = await loadSdk();
  return new OpenAI({
    baseURL,
    // The SDK wants a key even where none is sent.
    apiKey: apiKey || 'none',
    defaultHeaders: apiKey ? {} : { Authorization: null },
    fetch,
    timeout,
    maxRetries: 0,
    dangerouslyAllowBrowser: true,
    logLevel: 'off'
  });
}

/** Refuses a key that can't be sent, without showing it. */
function assertKey(apiKey: string, identity: Endpoint['identity']): void {
  if (apiKey === '' && identity !== 'compatible') {
    throw new ProviderError('key', 'There is no API key.', 'Enter your API key in Settings.');
  }
  if (!/^[\x21-\x7e]*$/.test(apiKey)) {
    throw new ProviderError(
      'key',
      'The API key holds blanks or characters that no key has.',
      'Copy it again and enter it in Settings.'
    );
  }
}

/** An error of the SDK in our terms. Its classes are told apart by what they carry. */
function explain(error: unknown, endpoint: Endpoint, apiKey: string): ProviderError {
  if (error instanceof ProviderError) return error;
  const { cause } = error as Error;
  if (cause instanceof ProviderError) return cause;
  const refusal = toRefusal(error);
  if (refusal) {
    // Hidden before the cut, which could leave a part of the key.
    const said = shorten(hideKey(refusal.said, apiKey), MAX_WORDS);
    return refusalError({ ...refusal, said }, endpoint);
  }
  // The SDK gives every failed connection a status that is undefined; other errors have none.
  if (error instanceof Error && 'status' in error) {
    return unreachableError(endpoint, globalThis.location?.origin);
  }
  return new ProviderError(
    'malformed',
    "The endpoint's answer broke off or is not JSON.",
    'Try again; if it stays so, check the base URL.'
  );
}

function toRefusal(error: unknown): Refusal | undefined {
  const { status, headers, error: body } = error as Partial<Sdk.APIError>;
  if (typeof status !== 'number') return undefined;
  const fields: Record<string, unknown> =
    typeof body === 'object' ? { ...body } : { message: body };
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const message = text(fields.message);
  return {
    status,
    type: text(fields.type),
    code: text(fields.code),
    param: text(fields.param),
    said: message.trim(),
    retryAfterMs: (headers && retryAfterMs(headers, Date.now())) ?? saidRetryMs(message)
  };
}

/** Longest quotation of an endpoint, in characters: some answer with a whole page. */
const MAX_WORDS = 300;

/** A text of at most `length` characters that ends with a whole word, and says so when more followed. */
function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/\s+\S*$/, '')}…`;
}

function refusesEncoding(error: unknown): boolean {
  const refusal = toRefusal(error);
  return (
    (refusal?.status === 400 || refusal?.status === 422) &&
    `${refusal.param} ${refusal.said}`.includes('encoding_format')
  );
}

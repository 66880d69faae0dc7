const KEYS_PAGE = 'https://platform.openai.com/account/api-keys';

/** A refusal as OpenAI words it; `headers` are added to the answer's own. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    message: string,
    options: { type?: string; code?: string; headers?: Record<string, string> } = {}
  ) {
    super(message);
    this.status = status;
    this.type = options.type ?? 'invalid_request_error';
    this.code = options.code ?? null;
    this.headers = options.headers ?? {};
  }

  /** The JSON body: `{ error: { message, type, param, code } }`. */
  toJSON(): object {
    return { error: { message: this.message, type: this.type, param: null, code: this.code } };
  }
}

/** 400 with OpenAI's type for a request that can't be right. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, message);
}

/** Throws OpenAI's 401 unless the header carries one of `keys` as a bearer token. */
export function checkKey(authorization: string | undefined, keys: readonly string[]): void {
  const key = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1];
  if (key === undefined) {
    throw new ApiError(
      401,
      "You didn't provide an API key. You need to provide your API key in an Authorization header " +
        'using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with ' +
        "blank username) if you're accessing the API from your browser and are prompted for a " +
        `username and password. You can obtain an API key from ${KEYS_PAGE}.`
    );
  }
  if (keys.includes(key)) return;
  const message = `Incorrect API key provided: ${maskKey(key)}. You can find your API key at ${KEYS_PAGE}.`;
  throw new ApiError(401, message, { code: 'invalid_api_key' });
}

/** A key as OpenAI repeats it in its 401: the first eight and the last four characters. */
function maskKey(key: string): string {
  return key.length <= 12 ? key : key.slice(0, 8) + '*'.repeat(key.length - 12) + key.slice(-4);
}

/** 429 for an account without credit: waiting does not help. */
export function quotaError(): ApiError {
  const message =
    'You exceeded your current quota, please check your plan and billing details. For more ' +
    'information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.';
  return new ApiError(429, message, { type: 'insufficient_quota', code: 'insufficient_quota' });
}

/** 403 for a caller in a country OpenAI does not serve. */
export function regionError(): ApiError {
  return new ApiError(403, 'Country, region, or territory not supported', {
    type: 'request_forbidden',
    code: 'unsupported_country_region_territory'
  });
}

/** 5xx as the API words it. */
export function serverError(status: 500 | 502 | 503): ApiError {
  const messages = {
    500: 'The server had an error while processing your request. Sorry about that!',
    502: 'Bad gateway.',
    503: 'That model is currently overloaded with other requests. You can retry your request.'
  };
  return new ApiError(status, messages[status], { type: 'server_error' });
}

/** How an answer says when to come back: the standard header's two forms, OpenAI's own, or not at all. */
export type RetryAfterForm = 'seconds' | 'date' | 'milliseconds' | 'absent';

/** The header that asks for a pause of `ms`, rounded up to what the form can say. */
export function retryAfterHeader(form: RetryAfterForm, ms: number): Record<string, string> {
  if (form === 'seconds') return { 'retry-after': String(Math.ceil(ms / 1000)) };
  if (form === 'milliseconds') return { 'retry-after-ms': String(Math.ceil(ms)) };
  if (form === 'absent') return {};
  const at = Math.ceil((Date.now() + ms) / 1000) * 1000;
  return { 'retry-after': new Date(at).toUTCString() };
}

/** 429 for going too fast; `unit` names the limit that was reached, `detail` its figures. */
export function rateLimitError(
  model: string,
  unit: 'requests' | 'tokens',
  detail: string,
  headers: Record<string, string>
): ApiError {
  const limit = unit === 'tokens' ? 'tokens per min (TPM)' : 'requests per min (RPM)';
  const message =
    `Rate limit reached for ${model} in organization org-stand-in on ${limit}: ${detail} ` +
    'Visit https://platform.openai.com/account/rate-limits to learn more.';
  return new ApiError(429, message, { type: unit, code: 'rate_limit_exceeded', headers });
}

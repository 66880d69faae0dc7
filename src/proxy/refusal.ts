/** Why the proxy answered something else than vectors. */
export type RefusalCode = keyof typeof REFUSALS;

/**
 * Status, OpenAI's `type`, and the whole message: nothing a caller or the upstream said is ever repeated.
 * SDKs make their error classes from the status.
 */
const REFUSALS = {
  not_found: [404, 'invalid_request_error', 'There is nothing here. Send POST /v1/embeddings.'],
  method_not_allowed: [405, 'invalid_request_error', 'Only POST and OPTIONS are answered here.'],
  origin_not_allowed: [403, 'request_forbidden', 'Pages of this origin may not use this proxy.'],
  invalid_token: [
    401,
    'invalid_request_error',
    'Send the placeholder token: “Authorization: Bearer <OPENAI_API_TOKEN>”, with these very words.'
  ],
  real_key_refused: [
    401,
    'invalid_request_error',
    'This looks like a real API key, and was not read. Never send it here: use the placeholder <OPENAI_API_TOKEN>, and replace the key if others may have seen it.'
  ],
  rate_limit_exceeded: [429, 'requests', 'Too many requests: pause for a moment and try again.'],
  daily_budget_exceeded: [
    429,
    'insufficient_quota',
    'The tokens of this shared token are used up for today. They are counted anew from midnight UTC.'
  ],
  overloaded: [503, 'server_error', 'Too many requests are being answered: try again in a moment.'],
  unsupported_media_type: [
    415,
    'invalid_request_error',
    'Send the request as application/json, not compressed.'
  ],
  body_too_large: [413, 'invalid_request_error', 'The request is too large: send fewer inputs.'],
  body_too_slow: [408, 'invalid_request_error', 'The request took too long to arrive.'],
  invalid_json: [400, 'invalid_request_error', 'The request is no JSON object in UTF-8.'],
  unknown_parameter: [
    400,
    'invalid_request_error',
    'Only input, model, dimensions, encoding_format and user are taken.'
  ],
  invalid_input: [
    400,
    'invalid_request_error',
    'input has to be a text, texts, tokens or lists of tokens, none of them empty, and not too many.'
  ],
  model_not_found: [404, 'invalid_request_error', 'This proxy does not offer this model.'],
  invalid_dimensions: [
    400,
    'invalid_request_error',
    'dimensions has to be a whole number that the model can answer with.'
  ],
  invalid_encoding_format: [
    400,
    'invalid_request_error',
    'encoding_format has to be float or base64.'
  ],
  upstream_refused: [400, 'invalid_request_error', 'The model refused these inputs.'],
  upstream_too_long: [
    400,
    'invalid_request_error',
    'An input, or all of them together, has more tokens than the model takes.'
  ],
  upstream_rate_limit: [
    429,
    'requests',
    'The upstream’s rate limit is reached: pause for a moment and try again.'
  ],
  upstream_quota: [
    429,
    'insufficient_quota',
    'The account behind this proxy has no credit left: tell whoever runs it.'
  ],
  upstream_failed: [502, 'server_error', 'The upstream did not answer as it should: try again.'],
  upstream_timeout: [504, 'server_error', 'The upstream took too long: try again.'],
  proxy_not_configured: [
    503,
    'server_error',
    'This proxy has no key. Whoever runs it sets OPENAI_API_KEY.'
  ],
  proxy_misconfigured: [
    503,
    'server_error',
    'The upstream does not accept this proxy’s key: tell whoever runs it.'
  ],
  budget_unavailable: [503, 'server_error', 'Tokens can’t be counted just now: try again later.']
} as const satisfies Record<string, readonly [number, string, string]>;

/** Thrown for whatever is not answered with vectors. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly status: number;
  /** What OpenAI calls the parameter at fault; null when it is none. */
  readonly param: string | null;
  /** Whole seconds to wait, where waiting helps. */
  readonly retryAfterS: number | undefined;

  constructor(code: RefusalCode, { param = null, retryAfterMs }: RefusalDetail = {}) {
    super(REFUSALS[code][2]);
    this.name = 'Refusal';
    this.code = code;
    this.status = REFUSALS[code][0];
    this.param = param;
    this.retryAfterS = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
  }

  /** As OpenAI words errors. */
  toJSON(): object {
    const { message, param, code } = this;
    return { error: { message, type: REFUSALS[code][1], param, code } };
  }
}

interface RefusalDetail {
  param?: string | null;
  retryAfterMs?: number | undefined;
}

import { ApiError, badRequest } from './errors.ts';
import type { Models } from './models.ts';
import { countTokens, textOfTokens } from './tokens.ts';

/** OpenAI's limits for all embedding models: inputs a request, tokens an input, tokens a request. */
const MAX_INPUTS = 2048;
const MAX_INPUT_TOKENS = 8192;
const MAX_REQUEST_TOKENS = 300_000;
/** Token ids of cl100k_base are below it. */
const VOCABULARY = 100_277;

const PARAMETERS = ['input', 'model', 'dimensions', 'encoding_format', 'user'];

/** How vectors are written into the answer. */
export type Encoding = 'float' | 'base64';

/** A request that is in order, with its defaults filled in. */
export interface EmbeddingCall {
  model: string;
  dimensions: number;
  encoding: Encoding;
  /** The texts to embed; tokens are turned into the text they stand for. */
  texts: string[];
  tokens: number;
}

/** A body as an object, or OpenAI's 400. */
export function parseBody(contentType: string | undefined, body: string): Record<string, unknown> {
  if (contentType?.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    throw new ApiError(
      400,
      `Unsupported content type: '${contentType}'. This API method only accepts 'application/json' ` +
        `requests, but you specified the header 'Content-Type: ${contentType}'. Please try again ` +
        'with a supported content type.',
      { code: 'unsupported_content_type' }
    );
  }
  const value = parseJson(body);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw badRequest(`${JSON.stringify(value)} is not of type 'object'`);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw badRequest(
      "We could not parse the JSON body of your request. (HINT: This likely means you aren't using " +
        'your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was ' +
        'not valid JSON. If you have trouble figuring out how to fix this, please contact us through ' +
        'our help center at help.openai.com.)'
    );
  }
}

/** Checks a body as strictly as OpenAI does; throws {@link ApiError} with its status and words. */
export function checkCall(body: Record<string, unknown>, models: Models): EmbeddingCall {
  const unknown = Object.keys(body).filter((name) => !PARAMETERS.includes(name));
  if (unknown.length > 0) {
    const noun = unknown.length === 1 ? 'argument' : 'arguments';
    throw badRequest(`Unrecognized request ${noun} supplied: ${unknown.join(', ')}`);
  }
  const model = checkModel(body.model, models);
  const dimensions = checkDimensions(body.dimensions, models[model]!);
  const encoding = checkEncoding(body.encoding_format);
  if (body.user !== undefined && typeof body.user !== 'string') {
    throw badRequest(`${JSON.stringify(body.user)} is not of type 'string' - 'user'`);
  }
  return { model, dimensions, encoding, ...checkTokens(checkInput(body.input)) };
}

function checkModel(model: unknown, models: Models): string {
  if (model === undefined) throw badRequest('you must provide a model parameter');
  if (typeof model === 'string' && Object.hasOwn(models, model)) return model;
  const message = `The model \`${String(model)}\` does not exist or you do not have access to it.`;
  throw new ApiError(404, message, { code: 'model_not_found' });
}

function checkDimensions(dimensions: unknown, model: Models[string]): number {
  const { dimensions: most, shortens } = model;
  if (dimensions === undefined) return most;
  if (!shortens) throw badRequest('This model does not support specifying dimensions.');
  if (!Number.isInteger(dimensions)) {
    throw badRequest(`${JSON.stringify(dimensions)} is not of type 'integer' - 'dimensions'`);
  }
  const value = dimensions as number;
  if (value < 1) throw badRequest(`${value} is less than the minimum of 1 - 'dimensions'`);
  if (value > most) {
    throw badRequest(
      `Invalid value for 'dimensions' = ${value}. Must be less than or equal to ${most}.`
    );
  }
  return value;
}

function checkEncoding(encoding: unknown): Encoding {
  if (encoding === undefined) return 'float';
  if (encoding === 'float' || encoding === 'base64') return encoding;
  throw badRequest(
    `Invalid value for 'encoding_format' = ${String(encoding)}. Supported values: ['float', 'base64'].`
  );
}

/** One list of inputs, each a text or token ids, whichever of the four forms they came in. */
function checkInput(input: unknown): (string | number[])[] {
  const inputs = isTokens(input) || !Array.isArray(input) ? [input] : (input as unknown[]);
  const sameKind = inputs.every((value) => typeof value === typeof inputs[0]);
  const valid = inputs.every(
    (value) => (typeof value === 'string' && value !== '') || isTokens(value)
  );
  if (valid && sameKind && inputs.length > 0 && inputs.length <= MAX_INPUTS) {
    return inputs as (string | number[])[];
  }
  throw badRequest(
    "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."
  );
}

function isTokens(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((id) => Number.isInteger(id) && id >= 0 && id < VOCABULARY)
  );
}

function checkTokens(inputs: (string | number[])[]): { texts: string[]; tokens: number } {
  let tokens = 0;
  for (const input of inputs) {
    const count = typeof input === 'string' ? countTokens(input) : input.length;
    if (count > MAX_INPUT_TOKENS) {
      throw badRequest(
        `This model's maximum context length is ${MAX_INPUT_TOKENS} tokens, however you requested ` +
          `${count} tokens (${count} in your prompt; 0 for the completion). Please reduce your ` +
          'prompt; or completion length.'
      );
    }
    tokens += count;
  }
  if (tokens > MAX_REQUEST_TOKENS) {
    const message = `Requested ${tokens} tokens, max ${MAX_REQUEST_TOKENS} tokens per request`;
    const name = 'max_tokens_per_request';
    throw new ApiError(400, message, { type: name, code: name });
  }
  const texts = inputs.map((input) => (typeof input === 'string' ? input : textOfTokens(input)));
  return { texts, tokens };
}

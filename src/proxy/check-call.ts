import { Refusal } from './refusal.ts';

/** A model on offer. */
export interface ProxyModel {
  id: string;
  /** The most dimensions it can answer with; null when only the upstream knows. */
  dimensions: number | null;
  /** Whether fewer can be asked for. */
  shortens: boolean;
}

/** A call that is in order, built anew: nothing of the request's own bytes is sent on. */
export interface Call {
  body: string;
  inputs: number;
  /** The most tokens its inputs can have: no token is shorter than a byte. */
  tokens: number;
}

const PARAMETERS = new Set(['input', 'model', 'dimensions', 'encoding_format', 'user']);
/** Above every vocabulary of OpenAI's. */
const MAX_TOKEN_ID = 1_000_000;
const MOST_DIMENSIONS = 16_384;

const utf8 = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

/** Reads and checks the body of `POST /embeddings`. Throws `Refusal`. */
export function checkCall(
  bytes: Uint8Array,
  models: readonly ProxyModel[],
  maxInputs: number
): Call {
  const given = parse(bytes);
  for (const name of Object.keys(given)) {
    if (!PARAMETERS.has(name)) throw new Refusal('unknown_parameter');
  }
  const model = models.find(({ id }) => id === given['model']);
  if (!model) throw new Refusal('model_not_found', { param: 'model' });
  const { input, inputs, tokens } = checkInput(given['input'], maxInputs);
  const dimensions = checkDimensions(given['dimensions'], model);
  const encoding = checkEncoding(given['encoding_format']);
  const body = JSON.stringify({
    model: model.id,
    input,
    ...(dimensions !== undefined && { dimensions }),
    ...(encoding !== undefined && { encoding_format: encoding })
  });
  return { body, inputs, tokens };
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new Refusal('invalid_json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal('invalid_json');
  }
  return value as Record<string, unknown>;
}

/** A text, texts, the tokens of one, or of several. */
function checkInput(given: unknown, maxInputs: number) {
  if (typeof given === 'string') return textsOf([given], given);
  if (!Array.isArray(given) || given.length === 0) throw invalidInput();
  if (isTokens(given)) return { input: given, inputs: 1, tokens: given.length };
  if (given.length > maxInputs) throw invalidInput();
  if (given.every((one) => typeof one === 'string')) return textsOf(given, given);
  if (!given.every((one) => Array.isArray(one) && one.length > 0 && isTokens(one))) {
    throw invalidInput();
  }
  const lists = given as number[][];
  const tokens = lists.reduce((sum, { length }) => sum + length, 0);
  return { input: lists, inputs: lists.length, tokens };
}

function textsOf(texts: string[], input: string | string[]) {
  if (texts.some((text) => text === '')) throw invalidInput();
  const tokens = texts.reduce((sum, text) => sum + encoder.encode(text).length, 0);
  return { input, inputs: texts.length, tokens };
}

function isTokens(given: unknown[]): given is number[] {
  return given.every(
    (one) => Number.isInteger(one) && (one as number) >= 0 && (one as number) < MAX_TOKEN_ID
  );
}

function checkDimensions(given: unknown, model: ProxyModel): number | undefined {
  if (given === undefined) return undefined;
  const most = model.dimensions ?? MOST_DIMENSIONS;
  const fits = Number.isInteger(given) && (given as number) >= 1 && (given as number) <= most;
  if (!fits || !model.shortens) throw new Refusal('invalid_dimensions', { param: 'dimensions' });
  return given as number;
}

function checkEncoding(given: unknown): 'float' | 'base64' | undefined {
  if (given === undefined || given === 'float' || given === 'base64') return given;
  throw new Refusal('invalid_encoding_format', { param: 'encoding_format' });
}

function invalidInput(): Refusal {
  return new Refusal('invalid_input', { param: 'input' });
}

import { ProviderError } from '#lib/base/errors.ts';
import type { Space } from '#lib/base/space.ts';
import type { ProviderId } from './types.ts';

/** An embedding model, as the reader chooses it. */
export interface Model {
  /** The name its endpoint knows it by. */
  id: string;
  label: string;
  provider: 'built-in' | 'openai' | 'compatible';
  /** Its own number of dimensions; 0 when only its server knows. */
  dimensions: number;
  /** Dimensions on offer, largest first; empty when only its server knows. */
  choices: number[];
  /** Null when only its server knows; 0 is free. */
  usdPerMillionTokens: number | null;
  maxInputTokens: number;
}

/** OpenAI takes 8,192 tokens an input; one is left for a count that is off by one. */
const MAX_INPUT_TOKENS = 8191;

/**
 * The models known by name. Limits, dimensions and prices of OpenAI's are those of its
 * documentation in November 2026 (platform.openai.com/docs/guides/embeddings, /docs/pricing).
 */
export const MODELS: readonly Model[] = [
  {
    id: 'built-in',
    label: 'Built-in',
    provider: 'built-in',
    dimensions: 384,
    choices: [384],
    usdPerMillionTokens: 0,
    // It counts words wherever they stand: a long text is not cut.
    maxInputTokens: Number.MAX_SAFE_INTEGER
  },
  openAIModel('text-embedding-3-small', [1536, 1024, 512, 256], 0.02),
  openAIModel('text-embedding-3-large', [3072, 1536, 1024, 512, 256], 0.13),
  openAIModel('text-embedding-ada-002', [1536], 0.1)
];

function openAIModel(id: string, choices: number[], usdPerMillionTokens: number): Model {
  const dimensions = choices[0]!;
  const maxInputTokens = MAX_INPUT_TOKENS;
  return {
    id,
    label: id,
    provider: 'openai',
    dimensions,
    choices,
    usdPerMillionTokens,
    maxInputTokens
  };
}

/** The known model of this id, or undefined. */
export function findModel(id: string): Model | undefined {
  return MODELS.find((model) => model.id === id);
}

/**
 * The dimensions that vectors of a model may be shortened to, `dimensions` itself first; empty when
 * the model was not trained for it.
 */
export function shorterChoices(modelId: string, dimensions: number): number[] {
  const choices = findModel(modelId)?.choices.filter((choice) => choice < dimensions) ?? [];
  return choices.length > 0 ? [dimensions, ...choices] : [];
}

/** A model that only an OpenAI-compatible server knows: its dimensions and price are unknown. */
export function compatibleModel(name: string): Model {
  return {
    id: name,
    label: name,
    provider: 'compatible',
    dimensions: 0,
    choices: [],
    usdPerMillionTokens: null,
    maxInputTokens: MAX_INPUT_TOKENS
  };
}

/** Pins the built-in embedder's vectors: a change to them is another space. */
export const BUILT_IN_IDENTITY = 'built-in@1';

/**
 * The space of a model's vectors. OpenAI's own key and a course token reach the same models, and so
 * share one; another server's vectors are its own, so `compatible` needs its `baseUrl`. Throws
 * `ProviderError` `base-url`.
 */
export function spaceOf(
  provider: ProviderId,
  model: Model,
  dimensions: number,
  baseUrl = ''
): Space {
  return { provider: identityOf(provider, baseUrl), model: model.id, dimensions, revision: 1 };
}

function identityOf(provider: ProviderId, baseUrl: string): string {
  if (provider === 'built-in') return BUILT_IN_IDENTITY;
  return provider === 'compatible' ? normaliseBaseUrl(baseUrl) : 'openai';
}

/** The model that vectors of a space come from; one that isn't in the catalogue has no known price. */
export function modelOfSpace(space: Space): Model {
  const known = findModel(space.model);
  if (known && identityOf(known.provider, space.provider) === space.provider) return known;
  return { ...compatibleModel(space.model), dimensions: space.dimensions };
}

/**
 * A base URL in one spelling, so that it can name a space and be compared: with a scheme (`http` for
 * this computer, else `https`), without a closing slash and without the `/embeddings` that is added
 * to it. Throws `ProviderError` `base-url` for what can't be one; addresses that carry a password or
 * a query are refused too, since an address is stored and shown.
 */
export function normaliseBaseUrl(text: string): string {
  const trimmed = text.trim();
  const url = parseUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : withScheme(trimmed));
  const plain = url && !url.username && !url.password && !url.search && !url.hash;
  if (!plain || !/^https?:$/.test(url.protocol)) {
    throw new ProviderError(
      'base-url',
      trimmed ? 'This is not the base URL of a server.' : 'The base URL is missing.',
      'Enter an address such as http://localhost:11434/v1, without a password or a query.'
    );
  }
  const path = url.pathname
    .replace(/\/+$/, '')
    .replace(/\/embeddings$/, '')
    .replace(/\/+$/, '');
  return url.origin + path;
}

/** Whether a host name is this computer's. */
export function isLocalHost(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0)$/i.test(hostname);
}

/** Without a scheme only a name with a dot or a port, or this computer, is taken for an address. */
function withScheme(text: string): string {
  const host = /^(\[[^\]]*\]|[^/:]*)(:\d+)?(\/|$)/.exec(text);
  if (!host) return '';
  const [, name = '', port = ''] = host;
  if (isLocalHost(name)) return `http://${text}`;
  return name.includes('.') || (name && port) ? `https://${text}` : '';
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

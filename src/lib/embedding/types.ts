/** Who answers: OpenAI with the reader's key, a course's proxy, another server, or the page itself. */
export type ProviderId = 'openai' | 'course' | 'compatible' | 'built-in';

/** What a provider takes in one request. Sources: FACTS of each provider, named where it is made. */
export interface ProviderLimits {
  maxInputs: number;
  maxInputTokens: number;
  maxRequestTokens: number;
  /** Bytes of all inputs as JSON; no limit unless given. */
  maxRequestBytes?: number;
  /** Requests in flight to start from. */
  concurrency: number;
}

/** One request's answer, already checked: as many vectors as inputs, in their order. */
export interface EmbeddingAnswer {
  /** `inputs.length × dimensions`, row-major, finite, not zero, L2-normalised. */
  vectors: Float32Array;
  dimensions: number;
  /** Tokens the provider says it counted. */
  tokens: number;
}

/** What to embed with which settings. */
export interface EmbeddingRequest {
  inputs: string[];
  model: string;
  /** Asked of models that can shorten; undefined leaves the model's own. */
  dimensions?: number;
}

/**
 * Turns texts into vectors. Throws `ProviderError` with one of {@link ProviderErrorCode}, or
 * `CancelledError` when the signal aborts.
 */
export interface Provider {
  readonly limits: ProviderLimits;
  embed(request: EmbeddingRequest, signal?: AbortSignal): Promise<EmbeddingAnswer>;
}

/** What an endpoint sent back, as it came but for the key, should it be quoted there. */
export interface RawReply {
  /** HTTP status. */
  status: number;
  /** By which the endpoint's owner finds the request; null when it names none. */
  requestId: string | null;
  /** JSON, or the text where it is none. Long lists of numbers are Float64Arrays: they cross threads at no cost. */
  body: unknown;
}

/** One request as it looks from inside. */
export interface InspectedAnswer extends EmbeddingAnswer {
  reply: RawReply;
  /** The vectors as the endpoint gave them, not normalised: `inputs.length × dimensions`, row-major. */
  values: Float32Array<ArrayBuffer>;
}

/** A provider that also shows what came back. */
export interface InspectableProvider extends Provider {
  /**
   * As `embed`, but asks for decimal numbers, and shows the reply. A `ProviderError` holds it, too, as
   * `detail.reply`, when there was one.
   */
  inspect(request: EmbeddingRequest, signal?: AbortSignal): Promise<InspectedAnswer>;
}

/**
 * Why a request failed, and so what the run does:
 * `rate-limit`, `server`, `unreachable`, `timeout`, `malformed` are tried again;
 * `quota`, `key`, `forbidden`, `model`, `dimensions` stop the run;
 * `input` fails the request's rows (or, with several inputs, splits it to find the bad one).
 */
export type ProviderErrorCode =
  | 'rate-limit'
  | 'server'
  | 'unreachable'
  | 'timeout'
  | 'malformed'
  | 'quota'
  | 'key'
  | 'forbidden'
  | 'model'
  | 'dimensions'
  | 'input';

/** Counts tokens and cuts texts by them (cl100k_base). Handed in, since it is heavy to load. */
export interface Tokenizer {
  count(text: string): number;
  /** Cuts a text into pieces of at most `maxTokens` tokens, in order, losing nothing. */
  split(text: string, maxTokens: number): string[];
}

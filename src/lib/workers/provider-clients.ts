import { ProviderError } from '#lib/base/errors.ts';
import { normaliseBaseUrl } from '#lib/embedding/catalogue.ts';
import { Pacer, realClock } from '#lib/embedding/pacer.ts';
import { BUILT_IN_SPACE, createBuiltInProvider } from '#lib/embedding/providers/built-in.ts';
import { createOpenAIProvider } from '#lib/embedding/providers/openai.ts';
import type { Provider, ProviderId, Space } from '#lib/embedding/types.ts';

/** How to reach a provider; the key stays in the embedding worker's memory. */
export interface Credentials {
  provider: Exclude<ProviderId, 'built-in'>;
  /** Where it answers; null for OpenAI's own address. */
  baseUrl: string | null;
  /** Empty for servers that ask for none. */
  apiKey: string;
}

/** A provider and the pacer all its requests go through, so that limits are met together. */
export interface ProviderClient {
  provider: Provider;
  pacer: Pacer;
}

/** The providers this worker may call: the built-in one, and those it was given credentials for. */
export class ProviderClients {
  readonly #builtIn = pacedBy(createBuiltInProvider());
  readonly #given = new Map<ProviderId, { credentials: Credentials; client: ProviderClient }>();

  /** Takes credentials in; a client whose credentials did not change keeps its pace. */
  set(credentials: Credentials): void {
    const last = this.#given.get(credentials.provider)?.credentials;
    if (last && last.baseUrl === credentials.baseUrl && last.apiKey === credentials.apiKey) return;
    const { provider: identity, baseUrl, apiKey } = credentials;
    const provider = createOpenAIProvider({ ...(baseUrl ? { baseUrl } : {}), apiKey, identity });
    this.#given.set(identity, { credentials, client: pacedBy(provider) });
  }

  /** The client of one provider; throws `ProviderError` `key` when it was given no credentials. */
  given(provider: ProviderId): ProviderClient {
    if (provider === 'built-in') return this.#builtIn;
    const given = this.#given.get(provider);
    if (given) return given.client;
    throw new ProviderError('key', 'This provider is not set up.', 'Open Settings and set it up.');
  }

  /** Forgets a provider's key and client. */
  forget(provider: ProviderId): void {
    this.#given.delete(provider);
  }

  /** The client whose vectors belong to `space`; throws `ProviderError` `key` when there is none. */
  forSpace(space: Space): ProviderClient {
    if (space.provider === BUILT_IN_SPACE) return this.#builtIn;
    if (space.provider === 'openai') {
      const given = this.#given.get('openai') ?? this.#given.get('course');
      if (given) return given.client;
      throw new ProviderError(
        'key',
        `${space.model} needs an OpenAI API key, and none is given.`,
        'Open Settings and enter your key; it stays in this tab.'
      );
    }
    const given = this.#given.get('compatible');
    const url = given?.credentials.baseUrl;
    if (given && url && normaliseBaseUrl(url) === space.provider) return given.client;
    throw new ProviderError(
      'key',
      `These vectors come from ${space.provider}, and no connection to it is set up.`,
      'Open Settings, choose OpenAI-compatible and enter this base URL.'
    );
  }
}

function pacedBy(provider: Provider): ProviderClient {
  const { concurrency } = provider.limits;
  return { provider, pacer: new Pacer({ concurrency, clock: realClock, random: Math.random }) };
}

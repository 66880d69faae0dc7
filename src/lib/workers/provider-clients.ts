import { ProviderError } from '#lib/base/errors.ts';
import type { Space } from '#lib/base/space.ts';
import { BUILT_IN_IDENTITY, normaliseBaseUrl } from '#lib/embedding/catalogue.ts';
import { Pacer, realClock } from '#lib/embedding/pacer.ts';
import { createBuiltInProvider } from '#lib/embedding/providers/built-in.ts';
import { createOpenAIProvider } from '#lib/embedding/providers/openai.ts';
import type { InspectableProvider, ProviderId } from '#lib/embedding/types.ts';
import type { CourseProxy } from './course-proxy.ts';

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
  provider: InspectableProvider;
  pacer: Pacer;
}

interface Given {
  credentials: Credentials;
  /** Made at the first use, which tells whether the address is one. */
  client?: ProviderClient;
}

/** The providers this worker may call: the built-in one, and those it was given credentials for. */
export class ProviderClients {
  readonly #builtIn = pacedBy(createBuiltInProvider());
  readonly #given = new Map<ProviderId, Given>();
  /** Who answers for OpenAI's models: the reader's own key, or the course's proxy. */
  forOpenAI: 'openai' | 'course' = 'openai';
  readonly #course: CourseProxy;

  constructor(course: CourseProxy) {
    this.#course = course;
  }

  /** Takes credentials in; a client whose credentials did not change keeps its pace. */
  set(credentials: Credentials): void {
    const { provider, baseUrl, apiKey } = credentials;
    const last = this.#given.get(provider)?.credentials;
    if (last && last.baseUrl === baseUrl && last.apiKey === apiKey) return;
    this.#given.set(provider, { credentials });
  }

  /** Forgets a provider's key and client. */
  forget(provider: ProviderId): void {
    this.#given.delete(provider);
  }

  /** What was given for a provider. */
  credentials(provider: ProviderId): Credentials | undefined {
    return this.#given.get(provider)?.credentials;
  }

  /**
   * The client of one provider; throws `ProviderError`: `key` when it was given no credentials,
   * `base-url` when its address is none.
   */
  given(provider: ProviderId): ProviderClient {
    if (provider === 'built-in') return this.#builtIn;
    const given = this.#given.get(provider);
    if (given) return (given.client ??= this.#clientOf(given));
    throw new ProviderError('key', 'This provider is not set up.', 'Open Settings and set it up.');
  }

  /** The client whose vectors belong to `space`; throws `ProviderError` `key` when there is none. */
  forSpace(space: Space): ProviderClient {
    if (space.provider === BUILT_IN_IDENTITY) return this.#builtIn;
    if (space.provider === 'openai') {
      if (this.#given.has(this.forOpenAI)) return this.given(this.forOpenAI);
      throw new ProviderError(
        'key',
        `${space.model} needs an OpenAI API key, and none is given.`,
        'Open Settings and enter or unlock your key.'
      );
    }
    const url = this.#given.get('compatible')?.credentials.baseUrl;
    if (url && isAddress(url, space.provider)) return this.given('compatible');
    throw new ProviderError(
      'key',
      `These vectors come from ${space.provider}, and no connection to it is set up.`,
      'Open Settings, choose OpenAI-compatible and enter this base URL.'
    );
  }

  /** A client that works for as long as its credentials are the ones given: a run ends with them. */
  #clientOf(given: Given): ProviderClient {
    const { provider: identity, baseUrl, apiKey } = given.credentials;
    const course = this.#course;
    const shared = identity === 'course' && {
      limits: course.limits,
      onHeaders: (headers: Headers) => course.hear(headers)
    };
    const provider = createOpenAIProvider({
      ...(baseUrl && { baseUrl }),
      apiKey,
      identity,
      ...shared
    });
    const assertGiven = () => {
      if (this.#given.get(identity) === given) return;
      throw new ProviderError(
        'key',
        'The key was changed, locked or forgotten meanwhile.',
        'Enter or unlock it in Settings, then go on.'
      );
    };
    return pacedBy({
      get limits() {
        return provider.limits;
      },
      async embed(request, signal) {
        assertGiven();
        return provider.embed(request, signal);
      },
      async inspect(request, signal) {
        assertGiven();
        return provider.inspect(request, signal);
      }
    });
  }
}

/** Whether what was given is this address; what can't be an address is none. */
function isAddress(given: string, address: string): boolean {
  try {
    return normaliseBaseUrl(given) === address;
  } catch {
    return false;
  }
}

function pacedBy(provider: InspectableProvider): ProviderClient {
  const { concurrency } = provider.limits;
  return { provider, pacer: new Pacer({ concurrency, clock: realClock, random: Math.random }) };
}

import { normaliseBaseUrl } from '#lib/embedding/catalogue.ts';
import { embedder } from '#lib/workers/clients.ts';
import type { KeptSettings } from '#lib/workers/items-api.ts';

/** Providers that may ask for a key of the reader's own. */
export type KeyedProvider = keyof KeptSettings['keptFor'];

/** Where a provider's key is: nowhere, in this tab's memory, or on this device and locked. */
export interface KeyState {
  /** The embedding worker has it. */
  held: boolean;
  /** One is kept on this device, encrypted, for the address in use. */
  kept: boolean;
  /** What is held was entered after what is kept. */
  newer: boolean;
}

/**
 * The reader's keys, as far as the page knows: they are the embedding worker's, which never gives them
 * back. All changes come to it in the order they were made.
 */
class Keys {
  #held = $state.raw<ReadonlySet<KeyedProvider>>(new Set());
  #keptFor = $state.raw<Partial<Record<KeyedProvider, string | undefined>>>({});
  #newer = $state.raw<ReadonlySet<KeyedProvider>>(new Set());
  #lastChange: Promise<void> = Promise.resolve();

  /** Where a provider's key is; `baseUrl` is the compatible server's. */
  state(provider: KeyedProvider, baseUrl: string): KeyState {
    const held = this.#held.has(provider);
    const keptFor = this.#keptFor[provider];
    const kept =
      keptFor !== undefined && (provider === 'openai' || isSameAddress(baseUrl, keptFor));
    return { held, kept, newer: held && kept && this.#newer.has(provider) };
  }

  /** Takes in what was read from the store. */
  read(keptFor: KeptSettings['keptFor']): void {
    this.#keptFor = keptFor;
  }

  /** The worker died, and with it what it held: what is kept is locked again. */
  drop(): void {
    this.#held = new Set();
  }

  /** Hands a key to the worker. `baseUrl` is null for OpenAI's own address, here and below. */
  async set(provider: KeyedProvider, apiKey: string, baseUrl: string | null): Promise<void> {
    await this.#inOrder(async () => {
      await embedder.api.setCredentials({ provider, baseUrl, apiKey });
      this.#held = new Set([...this.#held, provider]);
      this.#newer = new Set([...this.#newer, provider]);
    });
  }

  /** Keeps the held key on this device under a passphrase. */
  async keep(provider: KeyedProvider, passphrase: string, baseUrl: string | null): Promise<void> {
    await this.#inOrder(async () => {
      await embedder.api.keepKey(provider, passphrase);
      this.#keptFor = { ...this.#keptFor, [provider]: baseUrl ?? '' };
      this.#newer = without(this.#newer, provider);
    });
  }

  /** Has the worker open the kept key. */
  async unlock(provider: KeyedProvider, passphrase: string, baseUrl: string | null): Promise<void> {
    await this.#inOrder(async () => {
      await embedder.api.unlockKey(provider, passphrase, baseUrl);
      this.#held = new Set([...this.#held, provider]);
      this.#newer = without(this.#newer, provider);
    });
  }

  /** Makes the worker forget the key; what is kept stays, locked. */
  async lock(provider: KeyedProvider): Promise<void> {
    await this.#inOrder(() => this.#forget(provider, true));
  }

  /** Forgets the key, here and on this device. */
  async forget(provider: KeyedProvider): Promise<void> {
    await this.#inOrder(() => this.#forget(provider, false));
  }

  async #forget(provider: KeyedProvider, memoryOnly: boolean): Promise<void> {
    const isKept = this.#keptFor[provider] !== undefined;
    if (!this.#held.has(provider) && (memoryOnly || !isKept)) return;
    await embedder.api.forgetKey(provider, memoryOnly);
    this.#held = without(this.#held, provider);
    if (memoryOnly) return;
    this.#keptFor = { ...this.#keptFor, [provider]: undefined };
  }

  #inOrder(change: () => Promise<void>): Promise<void> {
    const changed = this.#lastChange.then(change);
    this.#lastChange = changed.catch(() => {});
    return changed;
  }
}

function without<T>(set: ReadonlySet<T>, one: T): ReadonlySet<T> {
  return new Set([...set].filter((other) => other !== one));
}

/** Whether what the reader typed is this address. */
export function isSameAddress(typed: string, address: string): boolean {
  return isAddress(typed) && normaliseBaseUrl(typed) === normaliseBaseUrl(address);
}

/** Whether what the reader typed can be an address. */
export function isAddress(typed: string): boolean {
  try {
    normaliseBaseUrl(typed);
    return true;
  } catch {
    return false;
  }
}

export const keys = new Keys();

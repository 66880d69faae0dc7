import { ProviderError } from '#lib/base/errors.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { getKeptKey, putKeptKey, type KeyedProvider } from '#lib/collection/store/kept-keys.ts';
import { normaliseBaseUrl } from '#lib/embedding/catalogue.ts';
import { openKey, sealKey } from '#lib/embedding/sealed-key.ts';
import type { ProviderClients } from './provider-clients.ts';

/** Keeps keys on this device, encrypted, and takes them into the worker's memory again. They never leave it. */
export class KeyKeeper {
  readonly #clients: ProviderClients;
  readonly #database: () => Promise<Database>;

  constructor(clients: ProviderClients, database: () => Promise<Database>) {
    this.#clients = clients;
    this.#database = database;
  }

  /**
   * Keeps a provider's key under a passphrase, in place of one kept before. Throws `ProviderError` `key`
   * when there is none, and what `sealKey` throws.
   */
  async keep(provider: KeyedProvider, passphrase: string): Promise<void> {
    const { apiKey, baseUrl } = this.#clients.credentials(provider) ?? {};
    if (!apiKey) {
      throw new ProviderError('key', 'There is no key to keep.', 'Enter it first.');
    }
    const address = addressOf(provider, baseUrl ?? null);
    const sealed = await sealKey(apiKey, passphrase, address);
    await putKeptKey(await this.#database(), provider, { address, sealed });
  }

  /**
   * Takes a kept key into memory. `baseUrl` is the address in use now, null for OpenAI's own. Throws
   * `ProviderError`: `no-kept-key` when none is kept for this address, and what `openKey` throws.
   */
  async unlock(provider: KeyedProvider, passphrase: string, baseUrl: string | null): Promise<void> {
    const kept = await getKeptKey(await this.#database(), provider);
    const address = addressOf(provider, baseUrl);
    if (kept?.address !== address) {
      throw new ProviderError(
        'no-kept-key',
        'There is no kept key any more.',
        'It was forgotten in another tab: enter it anew.'
      );
    }
    const apiKey = await openKey(kept.sealed, passphrase, address);
    this.#clients.set({ provider, baseUrl, apiKey });
  }

  /** Forgets a provider's key: in memory and, unless `memoryOnly`, what is kept. */
  async forget(provider: KeyedProvider, memoryOnly: boolean): Promise<void> {
    this.#clients.forget(provider);
    if (!memoryOnly) await putKeptKey(await this.#database(), provider, undefined);
  }
}

const OPENAI = 'https://api.openai.com/v1';

/** Where a provider's key may be sent. */
function addressOf(provider: KeyedProvider, baseUrl: string | null): string {
  return provider === 'openai' ? OPENAI : normaliseBaseUrl(baseUrl ?? '');
}

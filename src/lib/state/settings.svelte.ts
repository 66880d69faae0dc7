import { ProviderError, toErrorData, type ErrorData } from '#lib/base/errors.ts';
import type { Space } from '#lib/base/space.ts';
import {
  compatibleModel,
  modelOfSpace,
  MODELS,
  normaliseBaseUrl,
  spaceOf,
  type Model
} from '#lib/embedding/catalogue.ts';
import type { ProviderId } from '#lib/embedding/types.ts';
import { embedder, items } from '#lib/workers/clients.ts';
import { course } from './course.svelte.ts';
import {
  isAddress,
  isSameAddress,
  keys,
  type KeyedProvider,
  type KeyState
} from './keys.svelte.ts';
import { readHostSettings, type HostSettings } from './host-settings.ts';

/** A model the reader can choose, and what is missing before it can be used. */
export interface ModelOption {
  /** Tells options apart: another server may serve a model under a name of OpenAI's. */
  key: string;
  model: Model;
  provider: ProviderId;
  /** A sentence that says what to do first; null when it is ready. */
  missing: string | null;
}

/** The result of a connection test. */
export type TestResult =
  { ok: true; dimensions: number; ms: number; model: string } | { ok: false; error: ErrorData };

/** Who embeds: the provider, its address and models. Keys pass through to the embedding worker. */
class Settings {
  #provider = $state.raw<ProviderId>('built-in');
  #baseUrl = $state.raw('');
  #models = $state.raw<string[]>([]);
  #shortcuts = $state(true);
  #host = $state.raw<HostSettings>({ title: null, proxyUrl: null });
  #loading: Promise<void> | undefined;

  constructor() {
    embedder.onDeath = () => {
      keys.drop();
      course.disconnect();
    };
  }

  get provider(): ProviderId {
    return this.#provider;
  }
  /** Address of the OpenAI-compatible endpoint; empty when none is set. */
  get baseUrl(): string {
    return this.#baseUrl;
  }
  /** Models the reader named for the compatible endpoint. */
  get models(): readonly string[] {
    return this.#models;
  }
  /** Whether single keys do something, such as `/` for the search. */
  get shortcuts(): boolean {
    return this.#shortcuts;
  }
  get proxyUrl(): string | null {
    return this.#host.proxyUrl;
  }
  /** The host's own title for the page. */
  get title(): string | null {
    return this.#host.title;
  }
  /** Where the chosen provider's key is. */
  get key(): KeyState {
    const provider = keyedOf(this.#provider);
    return provider ? this.#key(provider) : { held: false, kept: false, newer: false };
  }

  #key(provider: KeyedProvider): KeyState {
    return keys.state(provider, this.#baseUrl);
  }

  /** Who is sent texts, as it is called and by its host; null when nobody is. */
  get destination(): { name: string; host: string } | null {
    const provider = this.#provider;
    if (provider === 'built-in') return null;
    if (provider === 'openai') return { name: 'OpenAI', host: 'api.openai.com' };
    const isCourse = provider === 'course';
    const address = isCourse ? (this.#host.proxyUrl ?? '') : this.#baseUrl;
    const host = isAddress(address) ? new URL(normaliseBaseUrl(address)).host : 'no address yet';
    return { name: isCourse ? 'Course token' : 'OpenAI-compatible', host };
  }

  /** The option that vectors of an existing space come from. */
  optionFor(space: Space): ModelOption {
    const model = modelOfSpace(space);
    const key = model.id;
    if (model.provider === 'built-in') return { key, model, provider: 'built-in', missing: null };
    if (model.provider === 'compatible') {
      const elsewhere = `needs ${space.provider}: choose OpenAI-compatible in Settings and enter this base URL.`;
      const there = isSameAddress(this.#baseUrl, space.provider);
      const missing = there ? this.#missing('compatible') : elsewhere;
      return { key, model, provider: 'compatible', missing };
    }
    const provider = this.#openai;
    return { key, model, provider, missing: this.#missing(provider, model) };
  }

  /** Every model on offer, in the order of DESIGN: built-in, OpenAI's, the reader's. */
  get options(): ModelOption[] {
    const openai = this.#openai;
    return [
      ...MODELS.map((model): ModelOption => {
        const provider = model.provider === 'built-in' ? 'built-in' : openai;
        return { key: model.id, model, provider, missing: this.#missing(provider, model) };
      }),
      ...this.#models.map((name): ModelOption => ({
        key: compatibleKey(name),
        model: compatibleModel(name),
        provider: 'compatible',
        missing: this.#missing('compatible')
      }))
    ];
  }

  /** The models one provider has, and what is missing before they can be used. */
  optionsOf(provider: ProviderId): ModelOption[] {
    if (provider === 'openai' || provider === 'course') {
      return MODELS.filter((model) => model.provider === 'openai').map((model) => ({
        key: model.id,
        model,
        provider,
        missing: this.#missing(provider, model)
      }));
    }
    return this.options.filter((option) => option.provider === provider);
  }

  /** Key of the option to propose: the chosen provider's first that is ready, else Built-in. */
  get proposed(): string {
    const ready = this.options.find(
      ({ provider, missing }) => provider === this.#provider && missing === null
    );
    return ready?.key ?? 'built-in';
  }

  /** Reads what is kept and what the host set; once. */
  load(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    const [host, { provider, models, shortcuts, keptFor }] = await Promise.all([
      readHostSettings(),
      items.api.settings()
    ]);
    this.#host = host;
    keys.read(keptFor);
    this.#models = models ?? [];
    this.#shortcuts = shortcuts ?? true;
    this.#baseUrl = provider?.baseUrl ?? '';
    this.#provider = provider?.id ?? (host.proxyUrl ? 'course' : 'built-in');
    this.askCourse();
  }

  /** Asks the course's proxy what it has to say, until it can serve: pages tell it before anything is sent. */
  askCourse(): void {
    const { proxyUrl } = this.#host;
    if (proxyUrl && this.#openai === 'course') void course.connect(proxyUrl).catch(() => {});
  }

  /** Chooses the provider for new collections. */
  async choose(provider: ProviderId): Promise<void> {
    // What is still being read must not come after what the reader says; so it is in all of these.
    await this.load();
    this.#provider = provider;
    await this.#keep();
  }

  /** Sets the compatible endpoint's address. */
  async setBaseUrl(url: string): Promise<void> {
    await this.load();
    const isSame = isAddress(this.#baseUrl) && isSameAddress(url, this.#baseUrl);
    this.#baseUrl = url;
    // A key given for one address is never sent to another. What is kept is sealed to its own.
    if (!isSame) await keys.lock('compatible');
    await this.#keep();
  }

  /** Names the compatible endpoint's models. */
  async setModels(names: string[]): Promise<void> {
    await this.load();
    this.#models = [...new Set(names.map((name) => name.trim()).filter(Boolean))];
    await this.#keep();
  }

  /** Switches single keys on or off. */
  async setShortcuts(on: boolean): Promise<void> {
    await this.load();
    this.#shortcuts = on;
    await this.#keep();
  }

  /** Hands a key to the embedding worker, where it stays. It is for OpenAI unless a server is chosen. */
  async setKey(apiKey: string): Promise<void> {
    await this.load();
    const provider = this.#provider === 'compatible' ? 'compatible' : 'openai';
    // Without an address there is nobody to give it to yet.
    if (provider === 'compatible' && !isAddress(this.#baseUrl)) return;
    const baseUrl = provider === 'compatible' ? this.#baseUrl : null;
    // Not one after the other: a slow store must not let the next letter's key overtake this one.
    const given = keys.set(provider, apiKey, baseUrl);
    if (provider !== this.#provider) await this.choose(provider);
    await given;
  }

  /** Forgets the chosen provider's key, here and on this device. */
  async forgetKey(): Promise<void> {
    await this.#withKey((provider) => keys.forget(provider));
  }

  /** Keeps the chosen provider's key on this device, encrypted under a passphrase. */
  async keepKey(passphrase: string): Promise<void> {
    await this.#withKey((provider, baseUrl) => keys.keep(provider, passphrase, baseUrl));
  }

  /** Opens the chosen provider's kept key. */
  async unlockKey(passphrase: string): Promise<void> {
    await this.#withKey((provider, baseUrl) => keys.unlock(provider, passphrase, baseUrl));
  }

  /** Leaves the chosen provider's key on this device, and nowhere else. */
  async lockKey(): Promise<void> {
    await this.#withKey((provider) => keys.lock(provider));
  }

  async #withKey(
    change: (provider: KeyedProvider, baseUrl: string | null) => Promise<void>
  ): Promise<void> {
    await this.load();
    const provider = keyedOf(this.#provider);
    if (provider) await change(provider, provider === 'compatible' ? this.#baseUrl : null);
  }

  /** Gives the embedding worker the addresses that need no key; call before asking it anything. */
  async connect(): Promise<void> {
    await this.load();
    await embedder.api.setOpenAI(this.#openai);
    if (this.#host.proxyUrl) await course.connect(this.#host.proxyUrl);
    const { held, kept } = this.#key('compatible');
    if (isAddress(this.#baseUrl) && !held && !kept) {
      await embedder.api.setCredentials({
        provider: 'compatible',
        baseUrl: this.#baseUrl,
        apiKey: ''
      });
    }
  }

  /** Sends one word to the chosen provider. */
  async test(signal: AbortSignal): Promise<TestResult> {
    await this.load();
    const { provider } = this;
    const fallback = provider === 'built-in' ? 'built-in' : 'text-embedding-3-small';
    const model = provider === 'compatible' ? (this.#models[0] ?? fallback) : fallback;
    try {
      if (provider === 'compatible') normaliseBaseUrl(this.#baseUrl);
      const keyed = keyedOf(provider);
      if (keyed && this.#isLocked(keyed)) {
        throw new ProviderError('key', 'The key on this device is locked.', 'Unlock it first.');
      }
      await this.connect();
      return { ok: true, model, ...(await embedder.api.probe(provider, model, signal)) };
    } catch (error) {
      return { ok: false, error: toErrorData(error) };
    }
  }

  /** The space of a model's vectors; asks the endpoint when only it knows the dimensions. */
  async spaceFor(option: ModelOption, dimensions: number, signal: AbortSignal): Promise<Space> {
    await this.connect();
    const { model, provider } = option;
    const known = dimensions || (await embedder.api.probe(provider, model.id, signal)).dimensions;
    return spaceOf(provider, model, known, this.#baseUrl);
  }

  /**
   * Who answers for OpenAI's models: whoever of the two is chosen; else the course, where there is one and
   * no key.
   */
  get #openai(): 'openai' | 'course' {
    if (this.#provider === 'course' || this.#provider === 'openai') return this.#provider;
    const { held, kept } = this.#key('openai');
    return this.#host.proxyUrl && !held && !kept ? 'course' : 'openai';
  }

  #missing(provider: ProviderId, model?: Model): string | null {
    if ((provider === 'openai' || provider === 'compatible') && this.#isLocked(provider)) {
      return 'needs your key, which is kept on this device and locked. Unlock it in Settings.';
    }
    if (provider === 'openai' && !this.#key('openai').held) {
      return 'needs an OpenAI API key. Enter it in Settings; it stays in this tab.';
    }
    if (provider === 'course' && !this.#host.proxyUrl) {
      return 'needs a course proxy, and this page has none. Choose another provider in Settings.';
    }
    if (provider === 'course' && model) return course.missing(model.id);
    if (provider === 'compatible' && !isAddress(this.#baseUrl)) {
      return 'needs the base URL of your server. Enter it in Settings.';
    }
    return null;
  }

  #isLocked(provider: KeyedProvider): boolean {
    const { held, kept } = this.#key(provider);
    return kept && !held;
  }

  async #keep(): Promise<void> {
    const provider = { id: this.#provider, baseUrl: this.#baseUrl };
    await items.api.keepSettings({
      provider,
      models: this.#models,
      shortcuts: this.#shortcuts
    });
  }
}

function compatibleKey(name: string): string {
  return `compatible ${name}`;
}

/** The providers that a reader's own key is for. */
function keyedOf(provider: ProviderId): KeyedProvider | null {
  return provider === 'openai' || provider === 'compatible' ? provider : null;
}

export const settings = new Settings();

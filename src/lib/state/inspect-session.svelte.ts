import { toErrorData, type ErrorData } from '#lib/base/errors.ts';
import { compatibleModel, normaliseBaseUrl, type Model } from '#lib/embedding/catalogue.ts';
import type { ProviderId } from '#lib/embedding/types.ts';
import type { WrittenRequest } from '#lib/tasks/inspect/request-code.ts';
import { embedder } from '#lib/workers/clients.ts';
import type { Inspection } from '#lib/workers/inspect-request.ts';
import { isAddress } from './keys.svelte.ts';
import { recall, remember } from './session-memory.ts';
import { settings, type ModelOption } from './settings.svelte.ts';

/** Texts that can be embedded here at once: what can be looked at. */
export const MOST_TEXTS = 30;

const EXAMPLE = [
  'A kitten sleeps on the sofa.',
  'The cat is asleep on the couch.',
  'Shares fell sharply this morning.'
].join('\n');

/** One request and its answer. */
export interface Inspected extends Inspection {
  texts: string[];
  model: Model;
  provider: ProviderId;
}

/** A pause that the endpoint asked for. */
export interface Pause {
  /** Epoch milliseconds. */
  until: number;
  /** Its refusal; null when it was another request's. */
  refusal: ErrorData | null;
}

/** Creating an embedding by hand: the request as it is written, and what came of it. */
class InspectSession {
  #text = $state(recall('inspect') || EXAMPLE);
  #provider = $state.raw<ProviderId | null>(null);
  #modelId = $state.raw('');
  /** 0 for the model's own. */
  #dimensions = $state.raw(0);
  #answer = $state.raw<Inspected | null>(null);
  #error = $state.raw<ErrorData | null>(null);
  #pause = $state.raw<Pause | null>(null);
  #sending = $state.raw<AbortController | null>(null);

  get text(): string {
    return this.#text;
  }
  set text(text: string) {
    this.#text = text;
    remember('inspect', text);
  }

  /** The texts, a line each; blank lines are none. */
  get texts(): string[] {
    return this.#text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter(Boolean);
  }

  /** Who is asked; as in Settings until another is chosen here. */
  get provider(): ProviderId {
    return this.#provider ?? settings.provider;
  }
  set provider(provider: ProviderId) {
    this.#provider = provider;
    this.#dimensions = 0;
  }

  /** The models that provider has; none for a server whose models were not named yet. */
  get options(): ModelOption[] {
    return settings.optionsOf(this.provider);
  }

  get option(): ModelOption {
    const { options, provider } = this;
    return (
      options.find(({ model }) => model.id === this.#modelId) ??
      options[0] ?? { key: '', model: compatibleModel(''), provider, missing: NO_MODEL }
    );
  }

  chooseModel(id: string): void {
    this.#modelId = id;
    this.#dimensions = 0;
  }

  /** Dimensions asked for; 0 when only the server knows. */
  get dimensions(): number {
    return this.#dimensions || this.option.model.dimensions;
  }
  set dimensions(dimensions: number) {
    this.#dimensions = dimensions;
  }

  /** The last answer; it stays while another is waited for, and when that is called off. */
  get answer(): Inspected | null {
    return this.#answer;
  }
  get error(): ErrorData | null {
    return this.#error;
  }
  get pause(): Pause | null {
    return this.#pause;
  }
  get busy(): boolean {
    return this.#sending !== null;
  }

  /** What to do before anything can be sent; null when it can. */
  get blockedBy(): string | null {
    const { texts, option } = this;
    if (option.missing) return `${option.model.label} ${option.missing}`.trim();
    if (texts.length === 0) return 'Write a text first.';
    if (texts.length > MOST_TEXTS) {
      return `Here at most ${MOST_TEXTS} texts can be looked at, and these are ${texts.length}. Take some away, or make a collection of them.`;
    }
    return null;
  }

  /** The request as it would be sent now, for whoever wants to send it from elsewhere. */
  get written(): WrittenRequest {
    const { texts, option, dimensions } = this;
    // Built-in has no endpoint: what it is asked, OpenAI's smallest model is asked like this.
    if (option.provider === 'built-in') {
      return { texts, model: 'text-embedding-3-small', baseUrl: null };
    }
    const asked = asksDimensions(option.model, dimensions) ? { dimensions } : {};
    return { texts, model: option.model.id, ...asked, baseUrl: this.#baseUrl };
  }

  get #baseUrl(): string | null {
    if (this.provider === 'course') return settings.proxyUrl;
    if (this.provider !== 'compatible') return null;
    return isAddress(settings.baseUrl) ? normaliseBaseUrl(settings.baseUrl) : settings.baseUrl;
  }

  /** Embeds the texts. Never throws: see `error`. */
  async create(): Promise<void> {
    if (this.#sending || this.blockedBy) return;
    const sending = (this.#sending = new AbortController());
    const { texts, provider, dimensions } = this;
    const { model } = this.option;
    this.#error = null;
    try {
      await settings.connect();
      const inspection = await embedder.api.inspect(
        provider,
        {
          inputs: texts,
          model: model.id,
          ...(asksDimensions(model, dimensions) && { dimensions })
        },
        sending.signal,
        (until, refusal) => {
          if (this.#sending === sending) this.#pause = until === null ? null : { until, refusal };
        }
      );
      this.#answer = { ...inspection, texts, model, provider };
    } catch (error) {
      const data = toErrorData(error);
      if (data.code === 'cancelled') return;
      this.#error = data;
      // What another request brought would be taken for what this one did.
      this.#answer = null;
    } finally {
      this.#pause = null;
      this.#sending = null;
    }
  }

  /** Gives up the request under way. */
  cancel(): void {
    this.#sending?.abort();
  }
}

const NO_MODEL = 'Name a model of your server in Settings first.';

/** A model is asked for its own dimensions by not naming them: some know no such parameter. */
function asksDimensions(model: Model, dimensions: number): boolean {
  return dimensions !== 0 && dimensions !== model.dimensions && model.choices.length > 1;
}

/** Dimensions to shorten an answer to, its own first. */
export function keptChoices(dimensions: number): number[] {
  return [dimensions, ...[1536, 512, 256, 64].filter((kept) => kept < dimensions)];
}

export const inspect = new InspectSession();

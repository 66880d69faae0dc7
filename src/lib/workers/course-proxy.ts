import { normaliseBaseUrl } from '#lib/embedding/catalogue.ts';
import {
  readProxyHealth,
  readTokensLeft,
  type ProxyHealth,
  type TokensLeft
} from '#lib/embedding/providers/proxy-health.ts';
import type { ProviderLimits } from '#lib/embedding/types.ts';

/** What is known of a course's proxy. */
export interface CourseStatus {
  /** Whether it has a key; true until it says no. */
  ready: boolean;
  /** Models on offer; empty while that is not known. */
  models: string[];
  left: TokensLeft | null;
}

/** A course's proxy as it describes itself: once when it is met, and in the headers of its answers. */
export class CourseProxy {
  /** What it takes in one request, as far as it has said so; filled in when it does. */
  readonly limits: Partial<ProviderLimits> = {};
  /** Settled when it has been asked, whatever it said. */
  met: Promise<void> = Promise.resolve();
  #status: CourseStatus = { ready: true, models: [], left: null };
  #tell: (status: CourseStatus) => void = () => {};
  /** The proxy that answered; one that did not, or said it can't serve, is asked again. */
  #known = '';
  /** The proxy that is being asked. */
  #asked = '';

  /** Asks a proxy for its limits. `onStatus` hears of all that it says from now on. */
  meet(baseUrl: string, onStatus: (status: CourseStatus) => void): void {
    this.#tell = onStatus;
    if (baseUrl === this.#known) onStatus(this.#status);
    else if (baseUrl !== this.#asked) this.met = this.#ask(baseUrl);
  }

  /** Takes in what the headers of an answer say. */
  hear(headers: Headers): void {
    const left = readTokensLeft(headers, Date.now());
    if (left) this.#change({ ...this.#status, ready: true, left });
  }

  async #ask(baseUrl: string): Promise<void> {
    this.#asked = baseUrl;
    const health = await readHealth(baseUrl);
    if (this.#asked === baseUrl) this.#asked = '';
    if (health?.ready) this.#known = baseUrl;
    if (!health) return;
    const { limits, ready, models, left } = health;
    Object.assign(this.limits, limits);
    this.#change({ ready, models, left });
  }

  #change(status: CourseStatus): void {
    this.#status = status;
    this.#tell(status);
  }
}

/** Null for an address that is none, too: the first request says so. */
function readHealth(given: string): Promise<ProxyHealth | null> {
  try {
    const baseUrl = normaliseBaseUrl(given);
    return readProxyHealth(baseUrl, globalThis.fetch.bind(globalThis), Date.now());
  } catch {
    return Promise.resolve(null);
  }
}

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
  /** What it takes in one request, as far as it says so. */
  limits: Partial<ProviderLimits> = {};
  /** Settled when it has been asked, whatever it said. */
  met: Promise<void> = Promise.resolve();
  #status: CourseStatus = { ready: true, models: [], left: null };
  #tell: (status: CourseStatus) => void = () => {};
  #baseUrl = '';

  /** Asks a proxy for its limits, once. `onStatus` hears of all that it says from now on. */
  meet(baseUrl: string, onStatus: (status: CourseStatus) => void): void {
    this.#tell = onStatus;
    if (baseUrl === this.#baseUrl) return onStatus(this.#status);
    this.#baseUrl = baseUrl;
    this.met = this.#ask(baseUrl);
  }

  /** Takes in what the headers of an answer say. */
  hear(headers: Headers): void {
    const left = readTokensLeft(headers, Date.now());
    if (left) this.#change({ ...this.#status, ready: true, left });
  }

  async #ask(given: string): Promise<void> {
    const health = await readHealth(given);
    if (!health || this.#baseUrl !== given) return;
    const { limits, ready, models, left } = health;
    this.limits = limits;
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

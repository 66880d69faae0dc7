import { Refusal } from './refusal.ts';

/** Where vectors come from, and how long and how much of it is waited for. */
export interface UpstreamOptions {
  /** The embeddings endpoint. */
  url: string;
  apiKey: string;
  /** Until the answer begins. */
  headersMs: number;
  /** Between two pieces of it. */
  idleMs: number;
  /** For all of it. */
  totalMs: number;
  maxAnswerBytes: number;
}

/** An answer that has begun. */
export interface UpstreamAnswer {
  /** Passes the answer on, no more than is allowed; errors when that is exceeded, or it stalls. */
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Resolves at the end of the body, however it ends: the tokens it says it took; null when it does not. */
  tokens: Promise<number | null>;
}

/** Of an answer's end: `"usage"` is OpenAI's last entry. */
const TAIL_BYTES = 512;
const MAX_ERROR_BYTES = 65_536;
const MAX_PAUSE_S = 3600;

/**
 * Sends a body to the upstream with headers made from scratch and no redirect followed, and hands on its
 * answer piece by piece. Throws `Refusal`; the upstream's own words go nowhere. Aborting `signal` ends
 * the request.
 */
export async function askUpstream(
  body: string,
  { url, apiKey, headersMs, idleMs, totalMs, maxAnswerBytes }: UpstreamOptions,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal
): Promise<UpstreamAnswer> {
  const ending = new AbortController();
  const end = () => ending.abort();
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const total = setTimeout(end, totalMs);
  const headers = setTimeout(end, headersMs);
  const done = () => {
    clearTimeout(total);
    clearTimeout(headers);
    signal.removeEventListener('abort', end);
  };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'semblance-proxy'
      },
      body,
      redirect: 'manual',
      signal: ending.signal
    });
    clearTimeout(headers);
    const isJson = /^application\/json\b/i.test(response.headers.get('content-type') ?? '');
    if (response.status !== 200 || !response.body || !isJson) throw await refusalOf(response);
    const { signal: ended } = ending;
    return passOn(response.body, { idleMs, maxAnswerBytes, end, ended, done });
  } catch (error) {
    const tooLate = ending.signal.aborted;
    done();
    end();
    if (error instanceof Refusal || signal.aborted) throw error;
    throw new Refusal(tooLate ? 'upstream_timeout' : 'upstream_failed');
  }
}

function passOn(
  source: ReadableStream<Uint8Array<ArrayBuffer>>,
  limits: {
    idleMs: number;
    maxAnswerBytes: number;
    end: () => void;
    ended: AbortSignal;
    done: () => void;
  }
): UpstreamAnswer {
  const { idleMs, maxAnswerBytes, end, ended, done } = limits;
  const reader = source.getReader();
  let bytes = 0;
  let tail = new Uint8Array(0);
  let tell: (tokens: number | null) => void;
  const tokens = new Promise<number | null>((resolve) => (tell = resolve));
  const finish = () => {
    done();
    tell(tokensIn(tail));
  };
  // Also when nobody reads the rest of it.
  ended.addEventListener('abort', finish, { once: true });
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const idle = setTimeout(end, idleMs);
      try {
        const { done: last, value } = await reader.read();
        if (last) {
          finish();
          controller.close();
          return;
        }
        bytes += value.length;
        if (bytes > maxAnswerBytes) throw new Error('The upstream’s answer is too long.');
        tail = tailOf(tail, value);
        controller.enqueue(value);
      } catch (error) {
        end();
        finish();
        controller.error(error);
      } finally {
        clearTimeout(idle);
      }
    },
    async cancel() {
      end();
      finish();
      await reader.cancel().catch(() => {});
    }
  });
  return { body, tokens };
}

function tailOf(last: Uint8Array, piece: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(last.length + Math.min(piece.length, TAIL_BYTES));
  joined.set(last);
  joined.set(piece.subarray(-TAIL_BYTES), last.length);
  return joined.slice(-TAIL_BYTES);
}

/** What `usage` at the end of an answer says; null when it says nothing, or the end never came. */
function tokensIn(tail: Uint8Array): number | null {
  const text = new TextDecoder().decode(tail);
  const [, number] = /"total_tokens"\s*:\s*(\d{1,9})\s*\}[^"]*$/.exec(text) ?? [];
  return number === undefined ? null : Number(number);
}

async function refusalOf(response: Response): Promise<Refusal> {
  const { status } = response;
  if (status === 401 || status === 403) {
    await response.body?.cancel().catch(() => {});
    return new Refusal('proxy_misconfigured');
  }
  const said = await readSaid(response);
  if (status === 429) {
    if (said.quota) return new Refusal('upstream_quota');
    return new Refusal('upstream_rate_limit', { retryAfterMs: pauseMs(response.headers) });
  }
  if (status === 400 || status === 413 || status === 422) {
    return new Refusal(said.tooLong ? 'upstream_too_long' : 'upstream_refused', { param: 'input' });
  }
  return new Refusal('upstream_failed');
}

/** Whole seconds as the upstream asks for; a second where it does not say. */
function pauseMs(headers: Headers): number {
  const ms = Number(headers.get('retry-after-ms') ?? NaN);
  const seconds = Number.isFinite(ms) ? ms / 1000 : Number(headers.get('retry-after') ?? NaN);
  return 1000 * (Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), MAX_PAUSE_S) : 1);
}

/** What kind of error it is: its words are looked at, and not passed on. */
async function readSaid(response: Response): Promise<{ quota: boolean; tooLong: boolean }> {
  let text = '';
  try {
    const decoder = new TextDecoder();
    let bytes = 0;
    for await (const piece of response.body ?? []) {
      bytes += piece.length;
      text += decoder.decode(piece, { stream: true });
      if (bytes > MAX_ERROR_BYTES) break;
    }
  } catch {
    // What came until then has to do.
  }
  return {
    quota: /insufficient_quota|billing/.test(text),
    tooLong: /maximum context length|max_tokens_per_request|too many tokens/i.test(text)
  };
}

import { ProviderError } from '#lib/base/errors.ts';
import type { EmbeddingRequest, InspectedAnswer, RawReply } from '../types.ts';
import { checkAnswer, readVectors } from './check-answer.ts';

/** Longest refusal that is shown, in characters: some servers answer with a whole page. */
const MAX_REFUSAL = 20_000;

/** A reply as it came, to be read, and as it can be shown. */
interface Heard {
  answer: unknown;
  reply: RawReply;
}

/**
 * A `fetch` whose last reply can be looked at, too. `hide` takes out of its texts what must not be shown.
 * `last` rejects when none came.
 */
export function listenTo(
  fetch: typeof globalThis.fetch,
  hide: (text: string) => string
): { fetch: typeof globalThis.fetch; last: () => Promise<Heard> } {
  let heard: Promise<Heard> | undefined;
  return {
    async fetch(input, init) {
      const response = await fetch(input, init);
      heard = readReply(response.clone(), hide);
      // It is asked for later, or never.
      heard.catch(() => {});
      return response;
    },
    async last() {
      if (!heard) throw new ProviderError('unreachable', 'There was no reply.');
      return heard;
    }
  };
}

async function readReply(response: Response, hide: (text: string) => string): Promise<Heard> {
  const text = await response.text();
  const answer = response.ok ? parseJson(text) : undefined;
  const requestId = response.headers.get('x-request-id');
  const reply = {
    status: response.status,
    requestId: requestId === null ? null : hide(requestId),
    // A short key may also stand in a name or a number: what is read is not what is hidden.
    body: typeof answer === 'object' ? hideIn(answer, hide) : readRefusal(text, hide)
  };
  return { answer, reply };
}

/** Hidden before the cut, which could leave a part of it; and after, since JSON has other ways to write it. */
function readRefusal(text: string, hide: (text: string) => string): unknown {
  return hideIn(parseJson(hide(text).slice(0, MAX_REFUSAL)), hide);
}

/** The answer that was heard; throws `ProviderError` as `checkAnswer` does. */
export function inspectBody(
  { answer, reply }: Heard,
  { inputs, dimensions }: EmbeddingRequest
): InspectedAnswer {
  const checked = checkAnswer(answer, inputs.length, dimensions);
  const values = new Float32Array(checked.vectors.length);
  readVectors(answer, inputs.length).forEach((vector, n) =>
    values.set(vector, n * checked.dimensions)
  );
  return { ...checked, reply: { ...reply, body: packNumbers(reply.body) }, values };
}

/** Shorter lists of numbers stay lists. */
const LONG = 8;

/** The same JSON with its long lists of numbers as arrays of double precision, which changes none of them. */
export function packNumbers(value: unknown): unknown {
  if (Array.isArray(value)) {
    const isNumbers = value.length > LONG && value.every((one) => typeof one === 'number');
    return isNumbers ? Float64Array.from(value as number[]) : value.map(packNumbers);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, packNumbers(one)]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The same JSON with every text in it, names included, without what is to be hidden. */
function hideIn(value: unknown, hide: (text: string) => string): unknown {
  if (typeof value === 'string') return hide(value);
  if (Array.isArray(value)) return value.map((one) => hideIn(one, hide));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [hide(name), hideIn(one, hide)])
  );
}

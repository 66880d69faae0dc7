/**
 * How long an endpoint asks to wait, in milliseconds from `now` (epoch milliseconds): OpenAI's
 * `retry-after-ms`, else `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3). Any length
 * is taken as it is; a date that has passed is 0; undefined when it does not say.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const milliseconds = toNumber(headers.get('retry-after-ms'));
  if (milliseconds !== undefined) return milliseconds;
  const header = headers.get('retry-after');
  const seconds = toNumber(header);
  if (seconds !== undefined) return seconds * 1000;
  const date = Date.parse(header ?? '');
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * How long the words of a refusal ask to wait, in milliseconds; undefined when they don't say. A page
 * can't read OpenAI's `retry-after` (its CORS headers do not expose it), but the message says the same:
 * “Please try again in 6m0s.”, “… in 1.5s.”, “… in 20ms.”
 */
export function saidRetryMs(message: string): number | undefined {
  const said = /\btry again in ((?:\d+(?:\.\d+)?(?:ms|[dhms]))+)/i.exec(message)?.[1];
  if (said === undefined) return undefined;
  const units: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  const parts = said.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/gi);
  return [...parts].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit!.toLowerCase()]!, 0);
}

function toNumber(text: string | null): number | undefined {
  return text !== null && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}

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

function toNumber(text: string | null): number | undefined {
  return text !== null && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}

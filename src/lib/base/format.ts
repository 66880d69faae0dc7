/*
 * Numbers as people read them, in US English whatever the browser's language, since the words
 * around them are English.
 */

const LOCALE = 'en-US';

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const threeDecimals = new Intl.NumberFormat(LOCALE, {
  minimumFractionDigits: 3,
  maximumFractionDigits: 3
});
const twoDigits = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 2 });
const threeDigits = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 });
const percents = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 0 });

const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });

/** A number of things: `8,807`. */
export function count(n: number): string {
  return whole.format(n);
}

/** A number with its noun: `1 item`, `8,807 items`. */
export function counted(n: number, singular: string, plural = `${singular}s`): string {
  return `${count(n)} ${n === 1 ? singular : plural}`;
}

/** A share from 0 to 1, never rounded up to `100%` before it is whole. */
export function percent(share: number): string {
  return percents.format(share < 1 ? Math.min(share, 0.99) : share);
}

/** A recall from 0 to 1, rounded down so that only what is whole reads so: `99.4 %`, `100 %`. */
export function recallPercent(recall: number): string {
  // The sum that makes 0.994 of a thousand hits may fall short of it by a hair.
  return `${oneDecimal.format(Math.floor(1000 * recall + 1e-6) / 10)}\u00a0%`;
}

/** A similarity that was estimated, with two decimals: `0.84`, `−0.03`. */
export function roughSimilarity(cosine: number): string {
  const text = Math.abs(cosine).toFixed(2);
  return cosine < 0 && text !== '0.00' ? `\u2212${text}` : text;
}

/** A cosine similarity with three decimals: `0.842`, `−0.031`. */
export function similarity(cosine: number): string {
  const text = threeDecimals.format(Math.abs(cosine));
  return cosine < 0 && text !== '0.000' ? `\u2212${text}` : text;
}

/** US dollars, to four decimals below a dollar: `$12.35`, `$0.0089`, `< $0.0001`, `$0.00`. */
export function dollars(usd: number): string {
  if (usd > 0 && usd < 0.0001) return '< $0.0001';
  const digits = usd === 0 || usd >= 0.99995 ? 2 : 4;
  return usd.toLocaleString(LOCALE, {
    style: 'currency',
    currency: 'USD',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits
  });
}

/** US dollars with two digits that count, however small: `$0.0000001`, `$0.00034`. */
export function exactDollars(usd: number): string {
  if (usd === 0) return '$0';
  return usd.toLocaleString(LOCALE, {
    style: 'currency',
    currency: 'USD',
    maximumSignificantDigits: 2
  });
}

/** Bytes in decimal units, as browsers and disks count: `640 B`, `4.2 MB`, `118 GB`. */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = n;
  let unit = 0;
  // 999.5 would read as 1,000 of the smaller unit.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${(value < 10 ? twoDigits : threeDigits).format(value)} ${units[unit]!}`;
}

/** A rate: `412/s`, `3.4/s`. */
export function rate(perSecond: number): string {
  return `${perSecond < 10 ? twoDigits.format(perSecond) : count(perSecond)}/s`;
}

/** A measured time in milliseconds: `0.42 ms`, `14 ms`, `1.4 s`, then as {@link duration}. */
export function milliseconds(ms: number): string {
  if (ms < 999.5) return `${(ms < 10 ? twoDigits : whole).format(ms)} ms`;
  if (ms < 9_950) return `${twoDigits.format(ms / 1000)} s`;
  return duration(ms / 1000);
}

/** A span in seconds, in its two largest units: `12 s`, `2 min 10 s`, `3 h 5 min`, `2 d 4 h`. */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  if (total < 60) return `${total} s`;
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return join(minutes, 'min', total % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return join(hours, 'h', minutes % 60, 'min');
  return join(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  const first = `${count(large)} ${largeUnit}`;
  return small === 0 ? first : `${first} ${small} ${smallUnit}`;
}

/** How long ago, in one unit: `just now`, `5 minutes ago`, `yesterday`, `3 months ago`. */
export function ago(then: number, now: number): string {
  const seconds = Math.max(0, now - then) / 1000;
  if (seconds < 60) return 'just now';
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), 'minute');
  if (seconds < 86_400) return relative.format(-Math.floor(seconds / 3600), 'hour');
  const days = Math.floor(seconds / 86_400);
  if (days < 30) return relative.format(-days, 'day');
  if (days < 365) return relative.format(-Math.floor(days / 30), 'month');
  return relative.format(-Math.floor(days / 365), 'year');
}

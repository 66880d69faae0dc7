/*
 * What a text says besides itself. Every test here is strict: a text that could mean two things, or
 * would come back changed in what it says, is just a text.
 */

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]\d{1,3})?$/;

/** Digits every JavaScript number keeps; longer ones are ids, or more than a number can say. */
const SAFE_DIGITS = 15;

/**
 * Whether a text is a plain decimal number that a JavaScript number holds: `12`, `-0.5`, `1.5e-7`;
 * not `01234`, `+4`, `1,000`, `5 %`, `1e5` (which may be a code) or a number of 16 digits.
 */
export function isNumberText(text: string): boolean {
  if (!NUMBER.test(text)) return false;
  if (text.length <= SAFE_DIGITS) return true;
  const value = Number(text);
  if (!Number.isFinite(value)) return false;
  const digits = /^-?([\d.]*)/.exec(text)![1]!.replace('.', '').replace(/^0+/, '');
  return digits.length <= SAFE_DIGITS || (text.includes('.') && String(value) === text);
}

/** Digits behind the point of a number's text. */
export function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point === -1 ? 0 : text.length - point - 1;
}

/**
 * Whether a number's text ends in a zero that the number would lose, as in `1.10`, which may be a
 * version. A lone `.0` says nothing but that the column holds decimals.
 */
export function endsInLostZero(text: string): boolean {
  return decimalsOf(text) > 1 && text.endsWith('0');
}

const ISO_DATE =
  /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?) ?(Z|[+-]\d{2}:?\d{2})?)?$/;
const DAY_MONTH_YEAR = /^(\d{1,2})(?:st|nd|rd|th)?[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4})$/;
const MONTH_DAY_YEAR = /^([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})$/;
const MONTHS =
  'january february march april may june july august september october november december'.split(
    ' '
  );

/**
 * A text as ISO 8601 date (`2024-03-09`) or date and time (`2024-03-09T14:30`, with its zone if it
 * has one), or null. Year first, or the month in English words: `03/09/2024` has two meanings.
 */
export function toIsoDate(text: string): string | null {
  if (text.length < 8 || text.length > 40) return null;
  const iso = ISO_DATE.exec(text);
  if (iso) {
    const [, year, , month, day, time, zone] = iso;
    const date = isoDay(Number(year), Number(month), Number(day));
    if (date === null || time === undefined) return date;
    if (!isTime(time)) return null;
    return `${date}T${time.replace(',', '.')}${zone ?? ''}`;
  }
  const dayFirst = DAY_MONTH_YEAR.exec(text);
  if (dayFirst) return isoDay(Number(dayFirst[3]), monthOf(dayFirst[2]!), Number(dayFirst[1]));
  const monthFirst = MONTH_DAY_YEAR.exec(text);
  if (!monthFirst) return null;
  return isoDay(Number(monthFirst[3]), monthOf(monthFirst[1]!), Number(monthFirst[2]));
}

/** 1 to 12 for `March`, `Mar` or `Sept`; 0 for other words. */
function monthOf(word: string): number {
  const lower = word.toLowerCase();
  const isShort = lower.length === 3 || lower === 'sept';
  return MONTHS.findIndex((month) => month === lower || (isShort && month.startsWith(lower))) + 1;
}

/** A day of the calendar, or null when there is no such day. */
function isoDay(year: number, month: number, day: number): string | null {
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  return date.toISOString().slice(0, 10);
}

function isTime(time: string): boolean {
  const [hours, minutes, seconds = 0] = time.split(':').map((part) => parseInt(part, 10));
  return hours! < 24 && minutes! < 60 && seconds < 61;
}

/** A text that is a JSON array of scalars as a list of texts; else null. */
export function toList(text: string): string[] | null {
  if (!text.startsWith('[') || !text.endsWith(']')) return null;
  try {
    const value = JSON.parse(text) as unknown[];
    const isFlat = value.every((item) => item !== null && typeof item !== 'object');
    return isFlat ? value.map(String) : null;
  } catch {
    return null;
  }
}

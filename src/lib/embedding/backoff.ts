const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

/**
 * How long to wait before another try, in milliseconds: twice as long each time (1 s, 2 s, … 60 s),
 * the second half of it at random so that many clients don't come back at once.
 * `tries` counts the failures so far (from 1); `random` gives numbers in [0, 1).
 */
export function backoffMs(tries: number, random: () => number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (tries - 1));
  return longest * (0.5 + random() / 2);
}

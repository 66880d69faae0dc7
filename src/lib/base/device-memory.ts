/** Browsers that do not tell have at least so much, in GiB. */
const UNTOLD = 4;

/** Memory of this machine in bytes, as far as the browser tells. */
export function deviceMemory(): number {
  // Not in TypeScript's library: only Chromium tells.
  const { deviceMemory: told = UNTOLD } = navigator as { deviceMemory?: number };
  return told * 2 ** 30;
}

/*
 * What a reader typed, kept for as long as the tab lives (sessionStorage). A browser that keeps nothing is no
 * fault: then it is forgotten with the page.
 */

/** What was kept under a name; empty where nothing was. */
export function recall(name: string): string {
  try {
    return sessionStorage.getItem(`semblance:${name}`) ?? '';
  } catch {
    return '';
  }
}

/** Keeps a text under a name, in place of what was kept before. */
export function remember(name: string, text: string): void {
  try {
    sessionStorage.setItem(`semblance:${name}`, text);
  } catch {
    // It is full, or not allowed.
  }
}

import { toRegex } from '#lib/collection/filter/regex.ts';

/** What the regex worker does: tries one pattern on texts. It is ended when that takes too long. */
export class RegexApi {
  /** Which of the texts a pattern matches somewhere, by their places. */
  matching(pattern: string, texts: string[]): number[] {
    const regex = toRegex(pattern);
    return texts.flatMap((text, place) => (regex.test(text) ? [place] : []));
  }
}

import { wordsOf } from './words.ts';

/** A stretch of a text, in UTF-16 units. */
interface Stretch {
  from: number;
  to: number;
}

let graphemes: Intl.Segmenter | undefined;

/**
 * The stretches of a text that are among some words (as `wordsOf` has them), rising and apart from each
 * other: UTF-16 units. They hold whole words, and whole characters as they are seen: a sign that is drawn
 * together with a word's first or last letter belongs to it.
 */
export function matchesIn(text: string, words: ReadonlySet<string>): Stretch[] {
  if (words.size === 0) return [];
  const found: Stretch[] = [];
  let segments: Intl.Segments | undefined;
  const widen = ({ from, to }: Stretch): Stretch => {
    if (isPlain(text, from) && isPlain(text, to)) return { from, to };
    graphemes ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
    segments ??= graphemes.segment(text);
    const last = segments.containing(to - 1)!;
    return { from: segments.containing(from)!.index, to: last.index + last.segment.length };
  };
  for (const { word, from, to } of wordsOf(text)) {
    if (!words.has(word)) continue;
    const stretch = widen({ from, to });
    const before = found.at(-1);
    // Where a character is shared by two words, they are marked as one.
    if (before && stretch.from < before.to) before.to = Math.max(before.to, stretch.to);
    else found.push(stretch);
  }
  return found;
}

/** Whether characters surely end at a place: both sides of it are ASCII, and a word's border. */
function isPlain(text: string, at: number): boolean {
  const isAscii = (index: number) => !(text.charCodeAt(index) > 0x7f);
  return isAscii(at - 1) && isAscii(at);
}

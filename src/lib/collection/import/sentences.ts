/** A range of a text, in UTF-16 units. */
export interface Span {
  start: number;
  end: number;
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Ends that look like a sentence's but are an abbreviation's or an initial's. */
const ABBREVIATION =
  /(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|cf|No|Nos|Fig|Figs|Eq|Vol|pp|approx|e\.g|i\.e|[A-Z])\.\s*$/;

/** A line that begins an item of a list, a row of a table, or a quotation. */
const ITEM_LINE = /\n(?=[ \t]*(?:[-*+•] |\d{1,3}[.)] |\||>))/;

/**
 * Sentences of a paragraph (a range of `text` without blank lines), in order, covering all of it.
 * A line break alone does not end a sentence, since many texts are wrapped, unless a list item or
 * table row follows.
 */
export function* findSentences(text: string, { start, end }: Span): Generator<Span, void, void> {
  let lineStart = start;
  for (const part of text.slice(start, end).split(ITEM_LINE)) {
    const partEnd = Math.min(end, lineStart + part.length + 1);
    yield* sentencesOf(text, lineStart, partEnd);
    lineStart = partEnd;
  }
}

function* sentencesOf(text: string, start: number, end: number): Generator<Span, void, void> {
  // The segmenter would break at every line; a space of the same length keeps the offsets.
  const flat = text.slice(start, end).replace(/[\r\n\u2028\u2029]/g, ' ');
  let from = 0;
  for (const { segment, index } of segmenter.segment(flat)) {
    const to = index + segment.length;
    if (to < flat.length && ABBREVIATION.test(flat.slice(Math.max(from, to - 12), to))) continue;
    yield { start: start + from, end: start + to };
    from = to;
  }
}

/** Lines of a range, each with its line end. */
export function* findLines(text: string, { start, end }: Span): Generator<Span, void, void> {
  for (let from = start; from < end;) {
    const newline = text.indexOf('\n', from);
    const to = newline === -1 || newline >= end ? end : newline + 1;
    yield { start: from, end: to };
    from = to;
  }
}

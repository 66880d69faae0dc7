import Papa from 'papaparse';

/** Longest row, in UTF-16 units, that an open quote may swallow before it counts as a stray one. */
const MAX_ROW_LENGTH = 4 * 1024 * 1024;

/** Stray opening quotes after which quotes are read as plain characters: each costs a long search. */
const MAX_STRAY_QUOTES = 5;

/** A row of a table as it stands in the file. */
export interface TableRow {
  cells: string[];
  /** 1-based line of the file the row starts at. */
  line: number;
  /** Whether its quotes are not as RFC 4180 wants them. */
  badQuotes: boolean;
}

interface StepResult {
  data: [string[]];
  errors: { code: string }[];
  meta: { cursor: number };
}

/**
 * Reads delimited text that arrives in pieces, cut anywhere, and calls `onRow` for every row,
 * blank ones included, with the line it starts at. Papa Parse splits the cells. Line ends may be
 * mixed LF and CRLF (`newline` is then `\n`), or all CR.
 * A quote that is never closed spoils its own line only.
 */
export class RowReader {
  readonly #newline: string;
  readonly #onRow: (row: TableRow) => void;
  readonly #delimiter: string;
  #parser: Papa.Parser;
  /** What has not become rows yet; its first row starts at `#line`. */
  #text = '';
  #line: number;
  /** Offset in `#text` behind the last row given out. */
  #start = 0;
  #strayQuotes = 0;
  /** Reading again is worth it only when so much text is there: keeps long rows linear. */
  #enough = 0;

  constructor(
    format: { delimiter: string; newline: string; firstLine: number },
    onRow: (row: TableRow) => void
  ) {
    this.#delimiter = format.delimiter;
    this.#newline = format.newline;
    this.#line = format.firstLine;
    this.#onRow = onRow;
    this.#parser = this.#newParser(undefined);
  }

  /** Takes the next piece of the text. */
  push(piece: string): void {
    this.#text += piece;
    if (this.#text.length < this.#enough) return;
    this.#parse(false);
    while (this.#text.length > MAX_ROW_LENGTH && this.#text.includes(this.#newline)) {
      this.#parseFirstLine();
      this.#parse(false);
    }
    this.#enough = this.#text.length * 2;
  }

  /** Gives out what is left, the last row needing no line end. */
  end(): void {
    while (this.#text !== '') {
      this.#parse(true);
      if (this.#text !== '') this.#parseFirstLine();
    }
  }

  #newParser(fastMode: true | undefined): Papa.Parser {
    return new Papa.Parser({
      delimiter: this.#delimiter,
      newline: this.#newline as '\n' | '\r',
      fastMode,
      step: (result: unknown) => this.#take(result as StepResult)
    });
  }

  #parse(isEnd: boolean): void {
    this.#start = 0;
    this.#parser.parse(this.#text, 0, !isEnd);
    this.#text = this.#text.slice(this.#start);
  }

  /** The row's quote has no end: take the line for the row, and go on behind it. */
  #parseFirstLine(): void {
    if (++this.#strayQuotes > MAX_STRAY_QUOTES) {
      this.#parser = this.#newParser(true);
      return;
    }
    const end = this.#text.indexOf(this.#newline);
    const rest = this.#text.slice(end + 1);
    this.#text = this.#text.slice(0, end).replace(/\r$/, '');
    this.#parse(true);
    this.#text = rest;
    this.#line++;
  }

  #take({ data: [cells], errors, meta: { cursor: end } }: StepResult): void {
    const start = this.#start;
    // Behind the last line end there is no row.
    if (end === start) return;
    const nextLine = this.#line + countNewlines(this.#text, this.#newline, start, end);
    const unclosed = errors.some(({ code }) => code === 'MissingQuotes');
    if (unclosed && nextLine > this.#line) return;

    if (this.#newline === '\n') this.#dropCarriageReturn(cells, start, end);
    this.#onRow({ cells, line: this.#line, badQuotes: errors.length > 0 });
    this.#line = nextLine;
    this.#start = end;
  }

  /** Takes the CR of a CRLF off an unquoted last cell; a quoted cell may end in a CR of its own. */
  #dropCarriageReturn(cells: string[], start: number, end: number): void {
    const last = cells.at(-1)!;
    if (!last.endsWith('\r')) return;
    const newlineLength = this.#text[end - 1] === '\n' ? 1 : 0;
    const cellStart = end - newlineLength - last.length;
    const isUnquoted =
      this.#text.startsWith(last, cellStart) &&
      (cellStart === start || this.#text.endsWith(this.#delimiter, cellStart));
    if (isUnquoted) cells[cells.length - 1] = last.slice(0, -1);
  }
}

function countNewlines(text: string, newline: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf(newline, start); at !== -1 && at < end; count++) {
    at = text.indexOf(newline, at + 1);
  }
  return count;
}

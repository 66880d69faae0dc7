import type { Fields } from '../types.ts';
import type { OpenedText, ReadContext } from './decode.ts';
import { findTableFormat, isBlankRow } from './delimiter.ts';
import { hasHeader, nameColumns, numberColumns } from './header.ts';
import type { IssueList } from './issues.ts';
import { uniqueName } from './names.ts';
import { RowReader, type TableRow } from './rows.ts';

/** The records of a table: every value still a text, empty cells null. */
export interface TableRecords {
  format: 'csv' | 'tsv';
  records: Fields[];
  /** Names of the columns, in the file's order. */
  names: string[];
}

/**
 * Reads CSV, TSV and their kin. Rows that are blank are skipped; rows with too few or too many
 * cells are kept (surplus cells as a list in a column of their own); all are listed with their line.
 */
export async function readTable(
  text: OpenedText,
  expected: 'csv' | 'tsv',
  context: ReadContext
): Promise<TableRecords> {
  const format = findTableFormat(text.sample, text.whole, expected);
  const builder = new TableBuilder(hasHeader(format.rows), context.issues);
  const reader = new RowReader(format, (row) => builder.add(row));

  let skip = format.skip;
  for await (const piece of text.chunks()) {
    reader.push(piece.slice(skip));
    skip = Math.max(0, skip - piece.length);
  }
  reader.end();
  return {
    format: format.delimiter === '\t' ? 'tsv' : 'csv',
    records: builder.records,
    names: builder.names
  };
}

/** Turns rows into records; the first row that is not blank decides the columns. */
class TableBuilder {
  readonly records: Fields[] = [];
  names: string[] = [];
  readonly #hasHeader: boolean;
  readonly #issues: IssueList;
  #width = 0;
  /** Column of surplus cells, once there are any. */
  #surplusName: string | undefined;

  constructor(hasHeader: boolean, issues: IssueList) {
    this.#hasHeader = hasHeader;
    this.#issues = issues;
  }

  add({ cells, line, badQuotes }: TableRow): void {
    if (badQuotes) {
      this.#issues.add('quotes', 'A quote in this row is misplaced or never closed.', line);
    }
    if (isBlankRow(cells)) {
      this.#issues.add('blank-row', 'This row is blank and was skipped.', line);
    } else if (this.#width === 0) {
      this.#start(cells, line);
    } else {
      this.#addRecord(cells, line);
    }
  }

  #start(cells: string[], line: number): void {
    this.#width = cells.length;
    if (this.#hasHeader) {
      this.names = nameColumns(cells, line, this.#issues);
      return;
    }
    this.names = numberColumns(cells.length);
    this.#issues.add('no-header', 'The first row looks like data, so columns are numbered.', line);
    this.#addRecord(cells, line);
  }

  #addRecord(cells: string[], line: number): void {
    const fields: Fields = {};
    // A short row does not get the fields it lacks: thousands of columns must not make it long.
    const known = Math.min(this.#width, cells.length);
    for (let i = 0; i < known; i++) fields[this.names[i]!] = cells[i] || null;
    this.records.push(fields);

    const found = `${cells.length} of ${this.#width} cells`;
    if (cells.length < this.#width) {
      this.#issues.add('short-row', `This row has only ${found}.`, line);
      return;
    }
    const surplus = cells.slice(this.#width).filter((cell) => cell.trim() !== '');
    if (surplus.length === 0) return;
    const name = this.#nameOfSurplus();
    fields[name] = surplus;
    this.#issues.add('long-row', `This row has ${found}; the others are in “${name}”.`, line);
  }

  #nameOfSurplus(): string {
    if (this.#surplusName === undefined) {
      const names = new Set(this.names);
      this.#surplusName = uniqueName('extra', (name) => names.has(name));
      this.names.push(this.#surplusName);
    }
    return this.#surplusName;
  }
}

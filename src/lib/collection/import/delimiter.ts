import { RowReader } from './rows.ts';

/** Delimiters that are looked for, the likelier first. */
const DELIMITERS = [',', ';', '\t', '|'] as const;

/** Stands for "no delimiter": a character that texts don't hold. */
export const NO_DELIMITER = '\u001f';

/** Rows that are compared to find a delimiter. */
const SAMPLE_ROWS = 100;

/** How the rows of a table are told apart and split. */
export interface TableFormat {
  delimiter: string;
  newline: '\n' | '\r';
  /** 1-based line of the first row: 2 after Excel's `sep=;` line. */
  firstLine: number;
  /** Characters before the first row. */
  skip: number;
  /** Rows of the sample that are not blank, split. */
  rows: string[][];
}

/**
 * The delimiter with which the sample's rows agree most with its first row. One that the first row
 * lacks is none: the commas of a single text column then stay in their cells. A tab in the first
 * row settles it where TSV is expected.
 */
export function findTableFormat(
  sample: string,
  whole: boolean,
  expected: 'csv' | 'tsv'
): TableFormat {
  const newline = sample.includes('\r') && !sample.includes('\n') ? '\r' : '\n';
  const declared = /^sep=(.)\r?\n/i.exec(sample);
  const base = { newline, firstLine: declared ? 2 : 1, skip: declared?.[0].length ?? 0 } as const;
  const split = (delimiter: string) => ({
    ...base,
    delimiter,
    rows: sampleRows(sample.slice(base.skip), whole, { ...base, delimiter })
  });
  if (declared) return split(declared[1]!);
  if (expected === 'tsv') {
    const tabbed = split('\t');
    if (tabbed.rows[0] && tabbed.rows[0].length > 1) return tabbed;
  }

  let best = split(NO_DELIMITER);
  let bestShare = 0;
  for (const delimiter of DELIMITERS) {
    const format = split(delimiter);
    const width = format.rows[0]?.length ?? 0;
    if (width < 2) continue;
    const alike = format.rows.filter((cells) => cells.length === width).length;
    const share = alike / format.rows.length;
    const isWider = share === bestShare && width > best.rows[0]!.length;
    if (share > bestShare || isWider) [best, bestShare] = [format, share];
  }
  return best;
}

/** Whether a row says nothing: no cells, or only empty ones. */
export function isBlankRow(cells: string[]): boolean {
  return cells.every((cell) => cell.trim() === '');
}

function sampleRows(
  text: string,
  whole: boolean,
  format: { delimiter: string; newline: string; firstLine: number }
): string[][] {
  const rows: string[][] = [];
  const reader = new RowReader(format, ({ cells }) => {
    if (rows.length < SAMPLE_ROWS && !isBlankRow(cells)) rows.push(cells);
  });
  reader.push(text);
  // A row that the sample cuts off is counted only when there is no other.
  if (whole || rows.length === 0) reader.end();
  return rows;
}

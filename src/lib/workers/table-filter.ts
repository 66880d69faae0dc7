import { makeBreather } from '#lib/base/breathe.ts';
import { throwIfCancelled } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { RowFilter, textsOf, type Matcher } from '#lib/collection/filter/match.ts';
import { conditionsOf, type Condition, type Filter } from '#lib/collection/filter/types.ts';
import type { ItemTable } from '#lib/collection/table/item-table.ts';
import { addRow } from '#lib/index/bitmap.ts';
import type { RegexRunner, RowTexts } from './regex-runner.ts';

/** Which of some rows a filter means. */
export interface FilteredRows {
  /** As a bitmap: bit `row & 7` of byte `row >> 3`. */
  bits: Uint8Array<ArrayBuffer>;
  matching: number;
  /** How many rows were asked about. */
  total: number;
  /** How many match each condition on its own, in the order of `conditionsOf`. */
  conditions: number[];
}

/** All rows of a table, dead ones too, that match regular expressions, by field and pattern; of one stamp. */
export type RegexAnswers = Map<string, Set<Row>>;

/** Patterns that are remembered from one filter to the next. */
const MOST_ANSWERS = 8;

/**
 * Decides a filter on some rows of a table, in stretches. Throws `FilterError` `regex-too-slow`,
 * `CancelledError` when the signal is aborted, and what ends the regex worker.
 */
export async function filterTable(
  table: ItemTable,
  filter: Filter | null,
  rows: Uint32Array,
  runner: RegexRunner,
  answers: RegexAnswers,
  signal?: AbortSignal
): Promise<FilteredRows> {
  const conditions = conditionsOf(filter);
  // A pattern is typed letter by letter: the oldest are forgotten.
  for (const key of [...answers.keys()].slice(0, -MOST_ANSWERS)) answers.delete(key);
  for (const condition of conditions) {
    if (condition.operator !== '$regex' || answers.has(keyOf(condition))) continue;
    const found = await runner.matching(condition.value, textsAt(table, condition.field), signal);
    answers.set(keyOf(condition), found);
  }
  const regexes = (condition: Condition): Matcher => {
    const found = answers.get(keyOf(condition))!;
    return (row) => found.has(row);
  };
  const rowFilter = new RowFilter(filter, table, regexes);
  const bits = new Uint8Array((table.size >> 3) + 1);
  let matching = 0;
  const breathe = makeBreather();
  for (const row of rows) {
    if (rowFilter.take(row)) {
      addRow(bits, row);
      matching++;
    }
    const pause = breathe();
    if (pause) {
      await pause;
      throwIfCancelled(signal);
    }
  }
  return { bits, matching, total: rows.length, conditions: rowFilter.counts };
}

/** Of all rows, since the next filter may be asked of others than this one, and a dead row may come back. */
function* textsAt(table: ItemTable, field: string | null): Generator<RowTexts> {
  for (let row = 0; row < table.size; row++) {
    if (!table.item(row)) continue;
    const texts = field === null ? [table.text(row)] : textsOf(table.value(field, row));
    yield { row, texts };
  }
}

function keyOf({ field, value }: Condition): string {
  return JSON.stringify([field, value]);
}

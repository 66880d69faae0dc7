import { makeBreather } from '#lib/base/breathe.ts';
import type { Row } from '#lib/base/ids.ts';
import {
  conditionMatcher,
  textsOf,
  matcherOf,
  type Matcher
} from '#lib/collection/filter/match.ts';
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

/** Rows that match regular expressions, by field and pattern; of one state of a table. */
export type RegexAnswers = Map<string, Set<Row>>;

/**
 * Decides a filter on some rows of a table, in stretches. Throws `FilterError` `regex-too-slow`, and what
 * ends the regex worker.
 */
export async function filterTable(
  table: ItemTable,
  filter: Filter | null,
  rows: Uint32Array,
  runner: RegexRunner,
  answers: RegexAnswers
): Promise<FilteredRows> {
  const conditions = conditionsOf(filter);
  for (const condition of conditions) {
    if (condition.operator !== '$regex' || answers.has(keyOf(condition))) continue;
    const found = await runner.matching(condition.value, textsAt(table, rows, condition.field));
    answers.set(keyOf(condition), found);
  }
  const regexes = (condition: Condition): Matcher => {
    const found = answers.get(keyOf(condition))!;
    return (row) => found.has(row);
  };
  const matches = matcherOf(filter, table, regexes);
  const each = conditions.map((condition) => conditionMatcher(condition, table, regexes));
  const result: FilteredRows = {
    bits: new Uint8Array((table.size >> 3) + 1),
    matching: 0,
    total: rows.length,
    conditions: conditions.map(() => 0)
  };
  const breathe = makeBreather();
  for (const row of rows) {
    if (matches(row)) {
      addRow(result.bits, row);
      result.matching++;
    }
    for (let n = 0; n < each.length; n++) if (each[n]!(row)) result.conditions[n]!++;
    const pause = breathe();
    if (pause) await pause;
  }
  return result;
}

function* textsAt(table: ItemTable, rows: Uint32Array, field: string | null): Generator<RowTexts> {
  for (const row of rows) {
    const texts = field === null ? [table.text(row)] : textsOf(table.value(field, row));
    yield { row, texts };
  }
}

function keyOf({ field, value }: Condition): string {
  return JSON.stringify([field, value]);
}

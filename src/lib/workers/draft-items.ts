import { throwIfCancelled } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { iterateBlocks } from '#lib/collection/store/items.ts';
import type { NewItem } from '#lib/collection/store/staging.ts';
import { parseTemplate, templateFields } from '#lib/collection/template.ts';
import type { Field } from '#lib/collection/types.ts';
import type { Draft } from './draft-source.ts';
import type { DraftTexts } from './draft-texts.ts';

/** The fields to keep: those chosen, the title, and those the template needs to be rendered again. */
export function fieldsToKeep(
  { columns }: Draft,
  { keep, template, titleField }: { keep: string[]; template: string; titleField: string | null }
): Field[] {
  const names = new Set([...keep, ...templateFields(parseTemplate(template)), titleField]);
  return columns.filter(({ name }) => names.has(name)).map(({ name, type }) => ({ name, type }));
}

/** A draft's items one by one, as the store's transaction asks for them; an abort undoes it. */
export function* draftItems(
  { records, passages }: Draft,
  { records: indexes, ids, hashes, tokens }: DraftTexts,
  keep: Field[],
  signal: AbortSignal
): Generator<NewItem> {
  const names = new Set(keep.map(({ name }) => name));
  for (const [i, record] of indexes.entries()) {
    throwIfCancelled(signal);
    const fields = Object.entries(records[record]!).filter(([name]) => names.has(name));
    const passage = passages[record];
    yield {
      id: ids[record]!,
      fields: Object.fromEntries(fields),
      ...(passage && { passage }),
      textHash: hashes[i]!,
      tokens: tokens[i]!
    };
  }
}

/**
 * The draft under names that a collection has not used, deleted items included: its generated ids go
 * on behind the highest number there, and a text of the same name as an earlier one gets a number.
 */
export async function namedApart(draft: Draft, db: Database, id: CollectionId): Promise<Draft> {
  let highest = 0;
  const sources = new Set<string>();
  for await (const { items } of iterateBlocks(db, id)) {
    for (const item of items) {
      highest = Math.max(highest, Number(/^item-(\d{1,15})/.exec(item.id)?.[1] ?? 0));
      if (item.passage) sources.add(item.passage.source);
    }
  }
  return {
    ...draft,
    firstNumber: highest + 1,
    passages: draft.passages.map(
      (passage) => passage && { ...passage, source: freeName(passage.source, sources) }
    )
  };
}

function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name} (${n})`;
  return free;
}

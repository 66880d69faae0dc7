import type { ItemEdit, StagedCounts } from '#lib/collection/store/staging.ts';
import type { Collection, Issue } from '#lib/collection/types.ts';
import { modelOfSpace } from '#lib/embedding/catalogue.ts';
import type { Remote } from '#lib/base/remote.ts';
import { makeImporter } from '#lib/workers/clients.ts';
import type { ImportApi } from '#lib/workers/import-api.ts';
import { priceOf, type Price } from './price.ts';

/** What pasted items would take, and what is odd about them. */
export interface PastePreview {
  items: number;
  price: Price;
  /** The first of `issueCount`. */
  issues: Issue[];
  issueCount: number;
}

/** The field that ids are in where a collection's own came from none. */
const USUAL = 'id';

/** Reads pasted items (JSON or CSV), and tells what adding them would take. Throws `ImportError`. */
export function previewPaste(
  collection: Collection,
  text: string,
  signal: AbortSignal
): Promise<PastePreview> {
  return withPasted(collection, text, signal, async (importer, { idField }, found) => {
    const { template, space } = collection;
    const { maxInputTokens } = modelOfSpace(space);
    const choices = { template, idField };
    const measure = await importer.measure(choices, { space, maxInputTokens }, () => {}, signal);
    return {
      items: measure.items,
      price: priceOf(measure.tokensToBuy, space),
      issues: [...found.issues, ...measure.issues],
      issueCount: found.issueCount + measure.issueCount
    };
  });
}

/**
 * Adds pasted items to a collection, by the field that has its ids: one whose id is there takes that one's
 * place. Throws `ImportError`, `StoreError`.
 */
export function pasteItems(
  collection: Collection,
  text: string
): Promise<StagedCounts & { edit: ItemEdit }> {
  const { signal } = new AbortController();
  return withPasted(collection, text, signal, (importer, choices) =>
    importer.append(collection.id, choices, signal)
  );
}

async function withPasted<T>(
  { idField, fields }: Collection,
  text: string,
  signal: AbortSignal,
  use: (
    importer: Remote<ImportApi>,
    choices: { idField: string | null; keep: string[] },
    found: { issues: Issue[]; issueCount: number }
  ) => Promise<T>
): Promise<T> {
  const importer = makeImporter();
  try {
    const source = { kind: 'file' as const, name: 'pasted', blob: new Blob([text]) };
    const { columns, issues, issueCount } = await importer.api.open(source, () => {}, signal);
    const names = columns.map(({ name }) => name);
    const known = new Set(fields.map(({ name }) => name));
    const wanted = idField ?? USUAL;
    const strange = names.filter((name) => !known.has(name) && name !== wanted);
    const leftOut = strange.length > 0 ? [strangeFields(strange)] : [];
    return await use(
      importer.api,
      {
        idField: names.includes(wanted) ? wanted : null,
        keep: names.filter((name) => known.has(name))
      },
      { issues: [...leftOut, ...issues], issueCount: issueCount + leftOut.length }
    );
  } finally {
    importer.end();
  }
}

function strangeFields(names: string[]): Issue {
  const list = names.map((name) => `“${name}”`).join(', ');
  return { code: 'strange-fields', message: `Not in this collection, and left out: ${list}.` };
}

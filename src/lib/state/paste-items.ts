import type { StagedCounts } from '#lib/collection/store/staging.ts';
import type { Collection } from '#lib/collection/types.ts';
import { makeImporter } from '#lib/workers/clients.ts';

/** The field that ids are in where a collection's own came from none. */
const USUAL = 'id';

/**
 * Adds the items of a pasted text (JSON or CSV) to a collection, by the field that has its ids: one whose id is
 * there takes that one's place. Throws `ImportError`, `StoreError`.
 */
export async function pasteItems(
  { id, idField }: Pick<Collection, 'id' | 'idField'>,
  text: string
): Promise<StagedCounts> {
  const importer = makeImporter();
  const { signal } = new AbortController();
  try {
    const source = { kind: 'file' as const, name: 'pasted', blob: new Blob([text]) };
    const { columns } = await importer.api.open(source, () => {}, signal);
    const keep = columns.map(({ name }) => name);
    const wanted = idField ?? USUAL;
    return await importer.api.append(
      id,
      { idField: keep.includes(wanted) ? wanted : null, keep },
      signal
    );
  } finally {
    importer.end();
  }
}

import type { Collection } from '#lib/collection/types.ts';
import type { CollectionState } from '#lib/workers/items-api.ts';

/** What a draft will become. */
export type DraftPurpose =
  | { kind: 'new' }
  /** Its items are added to this collection, under its template and model. */
  | { kind: 'into'; target: CollectionState }
  /** The items of this collection, embedded again as a new collection. */
  | { kind: 'again'; origin: CollectionState };

/** Whether two purposes are the same, about the same collection with the same rows. */
export function samePurpose(a: DraftPurpose, b: DraftPurpose): boolean {
  const [one, other] = [collectionOf(a), collectionOf(b)];
  return (
    a.kind === b.kind &&
    one?.id === other?.id &&
    one?.name === other?.name &&
    one?.nextRow === other?.nextRow &&
    one?.deadRevision === other?.deadRevision
  );
}

function collectionOf(purpose: DraftPurpose): Collection | undefined {
  if (purpose.kind === 'new') return undefined;
  return (purpose.kind === 'into' ? purpose.target : purpose.origin).collection;
}

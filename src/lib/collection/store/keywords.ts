import type { CollectionId } from '#lib/base/ids.ts';
import { read, write, type Database } from './database.ts';
import { requireCollection } from './edit.ts';
import type { KeptKeywords } from './schema.ts';

/** A keyword index as bytes, and what it was made of. */
export interface Keywords {
  /** Which rows under which template; another one is of no use. */
  madeOf: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** The kept keyword index; undefined where there is none of this make, or its bytes are not as they were. */
export async function getKeywords(
  db: Database,
  id: CollectionId,
  madeOf: string
): Promise<Keywords | undefined> {
  const kept = await read(db, ['derived'], (tx) =>
    tx.objectStore('derived').get([id, 'keywords', 'index'])
  );
  if (kept?.kind !== 'keywords' || kept.value.madeOf !== madeOf) return undefined;
  const { digest, blob } = kept.value;
  try {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return (await digestOf(bytes)) === digest ? { madeOf, bytes } : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a keyword index in place of the last one. Throws what `write` throws. */
export async function keepKeywords(
  db: Database,
  id: CollectionId,
  { madeOf, bytes }: Keywords
): Promise<void> {
  const value: KeptKeywords = {
    madeOf,
    digest: await digestOf(bytes),
    blob: new Blob([bytes])
  };
  await write(db, ['collections', 'derived'], async (tx) => {
    await requireCollection(tx, id);
    await tx.objectStore('derived').put({ collection: id, kind: 'keywords', name: 'index', value });
  });
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex();
}

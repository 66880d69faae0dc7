import type { Page } from '@playwright/test';
import { parseTemplate, renderTemplate } from '#lib/collection/template.ts';
import type { Collection, Fields } from '#lib/collection/types.ts';

/** A row as the browser's storage holds it, read past the app. */
export interface StoredRow {
  row: number;
  /** The text its vector stands for. */
  text: string;
  /** Segments that hold a vector for it: one, or none while it waits. */
  segments: number;
  dead: boolean;
  /** Why it could not be embedded; null when it did not fail. */
  failure: string | null;
  /** Null without one, and when vectors were not asked for. */
  vector: Float32Array | null;
}

/** A collection as the browser's storage holds it. */
export interface StoredCollection {
  id: string;
  name: string;
  dimensions: number;
  rows: StoredRow[];
}

interface RawCollection {
  collection: Collection;
  items: { row: number; fields: Fields }[];
  segments: { rows: number[]; dimensions: number; url: string }[];
  dead: number[];
  failed: { row: number; message: string }[];
}

/** Everything `page`'s origin keeps in its collections; with `vectors` their numbers, too. */
export async function readStored(
  page: Page,
  { vectors = false } = {}
): Promise<StoredCollection[]> {
  const raw = await page.evaluate(readDatabase, vectors);
  return raw.map(toStored);
}

function toStored({ collection, items, segments, dead, failed }: RawCollection): StoredCollection {
  const template = parseTemplate(collection.template);
  const rows = new Map<number, StoredRow>();
  for (const { row, fields } of items) {
    const text = renderTemplate(template, fields);
    const isDead = (dead[row >> 3]! & (1 << (row & 7))) !== 0;
    rows.set(row, { row, text, segments: 0, dead: isDead, failure: null, vector: null });
  }
  for (const { row, message } of failed) rows.get(row)!.failure = message;
  for (const { rows: embedded, dimensions, url } of segments) {
    const bytes = new Uint8Array(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'));
    const numbers = new Float32Array(bytes.buffer);
    embedded.forEach((row, n) => {
      const stored = rows.get(row);
      if (!stored) throw new Error(`A segment holds row ${row}, which has no item.`);
      stored.segments++;
      const vector = numbers.subarray(n * dimensions, (n + 1) * dimensions);
      if (vector.length > 0) stored.vector = vector;
    });
  }
  const { id, name, space } = collection;
  return { id, name, dimensions: space.dimensions, rows: [...rows.values()] };
}

/** Runs in the page: the collections in IndexedDB as plain data, vectors as data URLs. */
async function readDatabase(vectors: boolean): Promise<RawCollection[]> {
  // Opening a database that is not there would make an empty one.
  const known = await indexedDB.databases();
  if (!known.some(({ name }) => name === 'semblance')) return [];
  const settle = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const toUrl = (blob: Blob) =>
    new Promise<string>((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result as string);
      reader.readAsDataURL(blob);
    });
  const db = await settle(indexedDB.open('semblance'));
  try {
    const names = ['collections', 'items', 'segments', 'rows', 'runs'];
    const tx = db.transaction(names);
    const [collections, items, segments, rows, runs] = await Promise.all(
      names.map((name) => settle(tx.objectStore(name).getAll()))
    );
    return await Promise.all(
      collections!.map(async (collection) => {
        const isOurs = (value: { collection: string }) => value.collection === collection.id;
        return {
          collection,
          items: items!.filter(isOurs).flatMap((block) => block.items),
          segments: await Promise.all(
            segments!.filter(isOurs).map(async (segment) => ({
              rows: [...segment.rows],
              dimensions: segment.dimensions,
              url: vectors ? await toUrl(segment.vectors) : ''
            }))
          ),
          dead: [...(rows!.find(isOurs)?.dead ?? [])],
          failed: runs!.find(isOurs)?.failed ?? []
        };
      })
    );
  } finally {
    db.close();
  }
}

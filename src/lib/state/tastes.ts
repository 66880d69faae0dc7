import type { CollectionId, Row } from '#lib/base/ids.ts';
import { makeImporter } from '#lib/workers/clients.ts';
import type { History } from '#lib/workers/import-api.ts';
import type { Issue } from '#lib/collection/types.ts';
import type { Price } from './price.ts';
import { recall, remember } from './session-memory.ts';
import type { Searched } from './search-session.svelte.ts';

/** Something that is liked or disliked. */
export interface Taste {
  /** Tells tastes apart. */
  key: string;
  title: string;
  liked: boolean;
  /** How much it counts beside the others, more than 0. */
  weight: number;
  /** Id of the item, when it is in the collection. */
  id: string | null;
  /** The text of something that is not. */
  text: string | null;
}

/** A history that has been read, as likes; and what is to be known of it. */
export interface HistoryReading {
  tastes: Taste[];
  /** Those that are items of the collection: they count as seen. */
  known: number;
  /** Records that say what another one says: they count once. */
  repeated: number;
  /** Records that are no item of the collection, and have no text under the template. */
  blank: number;
  /** Fields of the template that no record has. */
  missing: string[];
  /** What embedding the others would take. */
  price: Price;
  /** The first of `issueCount`. */
  issues: Issue[];
  issueCount: number;
}

/** The open collection, as recommendations need it. */
export interface Recommending extends Searched {
  readonly id: CollectionId;
  readonly template: string;
  readonly idField: string | null;
  price(texts: string[]): Promise<Price>;
}

/**
 * A dislike counts half as much as a like: what one does not want says less of where to look than what one
 * wants does (in Rocchio's formula it commonly has a fifth to a third of the weight).
 */
const DISLIKE = 0.5;

/** The id of no item: ids are never empty. */
const NO_ID = '';

/** The tastes that were kept for a collection as long as the tab lives. */
export function recallTastes(id: CollectionId): Taste[] {
  try {
    return JSON.parse(recall(`tastes:${id}`) || '[]') as Taste[];
  } catch {
    return [];
  }
}

/** Keeps tastes for a collection, where the tab has room for them. */
export function rememberTastes(id: CollectionId, tastes: readonly Taste[]): void {
  remember(`tastes:${id}`, JSON.stringify(tastes));
}

/** Tastes with others added, each once: the newer counts. */
export function merged(tastes: readonly Taste[], added: readonly Taste[]): Taste[] {
  return [...new Map([...tastes, ...added].map((taste) => [taste.key, taste])).values()];
}

/**
 * Reads a file of records as likes: items of the collection where they are, by id or text, else their texts
 * under the collection's template. Throws `ImportError`, and what reading items throws.
 */
export async function readHistory(
  collection: Recommending,
  name: string,
  blob: Blob,
  signal: AbortSignal
): Promise<HistoryReading> {
  const { entries, ...about } = await readRecords(collection, name, blob, signal);
  const table = await collection.table();
  const byText = await table.rowsOfTexts(entries.map(({ text }) => text ?? ''));
  const byId = await table.rowsOf(entries.map(({ id }) => id ?? NO_ID));
  const rows = byText.map((row, n) => byId[n] ?? row);
  const items = await table.cells(Uint32Array.from(rows.filter((row) => row !== null)));
  const idOf = new Map(items.map(({ row, id }) => [row, id]));
  const titles = new Map(items.map(({ id, title }) => [id, title]));
  const likes = entries.flatMap(({ title, text }, n): Taste[] => {
    const id = rows[n] == null ? null : (idOf.get(rows[n]) ?? null);
    const usual = { liked: true, weight: 1 };
    if (id !== null) {
      return [{ key: `item ${id}`, title: titles.get(id) ?? title, id, text: null, ...usual }];
    }
    return text === null ? [] : [{ key: `text ${text}`, title, id, text, ...usual }];
  });
  const tastes = merged([], likes);
  return {
    ...about,
    tastes,
    known: tastes.filter(({ id }) => id !== null).length,
    repeated: likes.length - tastes.length,
    blank: entries.length - likes.length,
    price: await collection.price(tastes.flatMap(({ text }) => text ?? []))
  };
}

/** Vectors by the texts that they were made of. */
export class TextVectors extends Map<string, Float32Array> {}

/**
 * The vectors of tastes, in their order; those whose item is gone weigh nothing. Texts have theirs in
 * `bought`. Throws what reading throws.
 */
export async function vectorsOf(
  collection: Recommending,
  tastes: readonly Taste[],
  bought: TextVectors
): Promise<{ vectors: Float32Array; weights: Float32Array; seen: Row[] }> {
  const [engine, table] = await Promise.all([collection.engine(), collection.table()]);
  const rows = await table.liveRowsOf(tastes.map(({ id }) => id ?? NO_ID));
  const seen = rows.filter((row) => row !== null);
  const own = seen.length > 0 ? await engine.vectors(Uint32Array.from(seen)) : new Float32Array(0);
  const [first] = bought.values();
  const dimensions = seen.length > 0 ? own.length / seen.length : (first?.length ?? 0);
  const vectors = new Float32Array(tastes.length * dimensions);
  const weights = new Float32Array(tastes.length);
  let next = 0;
  for (const [n, { text, liked, weight }] of tastes.entries()) {
    if (text === null && rows[n] === null) continue;
    const start = text === null ? next++ * dimensions : 0;
    const vector = text === null ? own.subarray(start, start + dimensions) : bought.get(text)!;
    vectors.set(vector, n * dimensions);
    weights[n] = liked ? weight : -weight * DISLIKE;
  }
  return { vectors, weights, seen };
}

/** Embeds the texts of tastes that are not in `bought`, and adds them to it. Throws what embedding throws. */
export async function buyTexts(
  collection: Recommending,
  tastes: readonly Taste[],
  bought: TextVectors,
  signal: AbortSignal
): Promise<void> {
  const wanted = tastes.flatMap(({ text }) => (text === null || bought.has(text) ? [] : [text]));
  if (wanted.length === 0) return;
  const { vectors } = await collection.embed(wanted, signal);
  const dimensions = vectors.length / wanted.length;
  wanted.forEach((text, n) =>
    bought.set(text, vectors.slice(n * dimensions, (n + 1) * dimensions))
  );
}

async function readRecords(
  { template, titleField, idField }: Recommending,
  name: string,
  blob: Blob,
  signal: AbortSignal
): Promise<History & Pick<HistoryReading, 'issues' | 'issueCount'>> {
  const importer = makeImporter();
  try {
    const source = { kind: 'file' as const, name, blob };
    const { issues, issueCount } = await importer.api.open(source, () => {}, signal);
    return {
      ...(await importer.api.history({ template, titleField, idField })),
      issues,
      issueCount
    };
  } finally {
    importer.end();
  }
}

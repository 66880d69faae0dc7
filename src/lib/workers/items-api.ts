import { bitAt } from '#lib/base/bits.ts';
import { makeAnnouncer } from '#lib/base/changes.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import { openLock } from '#lib/base/open-lock.ts';
import {
  countRows,
  deleteCollection,
  getCollection,
  listCollections,
  updateCollection
} from '#lib/collection/store/collections.ts';
import { compact, worthCompacting } from '#lib/collection/store/compact.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { getDeadRows } from '#lib/collection/store/dead.ts';
import { readItems } from '#lib/collection/store/items.ts';
import { storageState, type StorageState } from '#lib/collection/store/quota.ts';
import { predictedFields } from '#lib/collection/store/predictions.ts';
import { getRun, getSpent } from '#lib/collection/store/runs.ts';
import { RowSet } from '#lib/collection/store/row-set.ts';
import type { FailedRow, Settings, Spent } from '#lib/collection/store/schema.ts';
import { getSetting, setSetting } from '#lib/collection/store/settings.ts';
import { renderTemplate, parseTemplate } from '#lib/collection/template.ts';
import type { Collection, CollectionCounts, ItemAtRow } from '#lib/collection/types.ts';
import { titleOf } from '#lib/tasks/search.ts';

/** A collection with what is derived about it. */
export interface CollectionState {
  collection: Collection;
  counts: CollectionCounts;
  /** Spent on this collection. */
  spent: Spent;
  /** Rows that could not be embedded and were not replaced since. */
  failed: FailedItem[];
  /** Names of the fields that were predicted. */
  predicted: string[];
}

/** A row that could not be embedded, with its item's heading for the first {@link MOST_TITLES}. */
export interface FailedItem extends FailedRow {
  title?: string;
}

/** Failed rows that are read for their headings: as many as a page lists. */
const MOST_TITLES = 200;

/** An item with the text it was embedded as. */
export interface ItemWithText extends ItemAtRow {
  text: string;
}

/** What the reader set; of kept keys only whom they are for. */
export interface KeptSettings extends Partial<Omit<Settings, 'spent' | 'keys'>> {
  /** The address that each provider's kept key may be sent to. */
  keptFor: { [Provider in keyof Settings['keys']]?: string };
}

/** What the items worker does: reads and edits what is kept, for pages to show. No network. */
export class ItemsApi {
  readonly #database: () => Promise<Database>;
  readonly #announce = makeAnnouncer();

  constructor(database: () => Promise<Database>) {
    this.#database = database;
  }

  /** All collections, newest first. */
  async collections(): Promise<CollectionState[]> {
    const db = await this.#database();
    const collections = await listCollections(db);
    return Promise.all(collections.map((collection) => readState(db, collection)));
  }

  /** One collection; throws `StoreError` `collection-gone`. */
  async collection(id: CollectionId): Promise<CollectionState> {
    const db = await this.#database();
    return readState(db, await getCollection(db, id));
  }

  /** Items by row, in the order asked; rows without an item are left out. */
  async items(id: CollectionId, rows: ArrayLike<Row>): Promise<ItemWithText[]> {
    const db = await this.#database();
    return readTexts(db, await getCollection(db, id), rows);
  }

  /** Gives a collection another name. */
  async rename(id: CollectionId, name: string): Promise<void> {
    await updateCollection(await this.#database(), id, { name });
    this.#announce({ kind: 'library' });
  }

  /**
   * Compacts a collection where that is worth it and nobody embeds, appends or has it open, which would know its
   * items by their old numbers; tells whether it was done. Throws `StoreError`: see `compact`.
   */
  async compact(id: CollectionId): Promise<boolean> {
    const db = await this.#database();
    const { nextRow } = await getCollection(db, id);
    const dead = new RowSet((await getDeadRows(db, id)).bits).size;
    if (!worthCompacting(nextRow, dead)) return false;
    return unlessHeld([openLock(id), `semblance:run:${id}`, `semblance:append:${id}`], async () => {
      await compact(db, id);
      this.#announce({ kind: 'rows', collection: id });
    });
  }

  /** Deletes a collection and everything kept for it. */
  async remove(id: CollectionId): Promise<void> {
    await deleteCollection(await this.#database(), id);
    this.#announce({ kind: 'library' });
  }

  /** Tokens and dollars ever spent on this device. */
  async spent(): Promise<Spent> {
    return getSpent(await this.#database());
  }

  /** What this page keeps, what it may keep, and whether the browser may evict it. */
  storage(): Promise<StorageState> {
    return storageState();
  }

  /** What the reader set; absent where nothing was set. */
  async settings(): Promise<KeptSettings> {
    const db = await this.#database();
    const [provider, models, shortcuts, keys] = await Promise.all([
      getSetting(db, 'provider'),
      getSetting(db, 'models'),
      getSetting(db, 'shortcuts'),
      getSetting(db, 'keys')
    ]);
    return {
      ...(provider && { provider }),
      ...(models && { models }),
      ...(shortcuts !== undefined && { shortcuts }),
      keptFor: Object.fromEntries(
        Object.entries(keys ?? {}).map(([provider, { address }]) => [provider, address])
      )
    };
  }

  /** Keeps what the reader set. Never a key. */
  async keepSettings({
    provider,
    models,
    shortcuts
  }: Omit<Settings, 'spent' | 'keys'>): Promise<void> {
    const db = await this.#database();
    await setSetting(db, 'provider', provider);
    await setSetting(db, 'models', models);
    await setSetting(db, 'shortcuts', shortcuts);
  }
}

async function readState(db: Database, collection: Collection): Promise<CollectionState> {
  const [counts, run, predicted] = await Promise.all([
    countRows(db, collection.id),
    getRun(db, collection.id),
    predictedFields(db, collection.id)
  ]);
  const { tokens, costUsd } = run;
  const failed = await readFailed(db, collection, run.failed);
  return { collection, counts, spent: { tokens, costUsd }, failed, predicted };
}

async function readFailed(
  db: Database,
  collection: Collection,
  listed: FailedRow[]
): Promise<FailedItem[]> {
  if (listed.length === 0) return [];
  const { bits } = await getDeadRows(db, collection.id);
  const failed = listed.filter(({ row }) => !bitAt(bits, row));
  const rows = failed.slice(0, MOST_TITLES).map(({ row }) => row);
  const items = await readTexts(db, collection, rows);
  const titles = new Map(
    items.map((item) => [item.row, titleOf(item, collection.titleField, () => item.text)])
  );
  return failed.map((failure) => {
    const title = titles.get(failure.row);
    return title === undefined ? failure : { ...failure, title };
  });
}

async function readTexts(
  db: Database,
  { id, template }: Collection,
  rows: ArrayLike<Row>
): Promise<ItemWithText[]> {
  const parsed = parseTemplate(template);
  const items = await readItems(db, id, rows);
  return items.flatMap((item) =>
    item ? { ...item, text: renderTemplate(parsed, item.fields) } : []
  );
}

/** Does something under some Web Locks, unless somebody has one of them; tells whether it was done. */
async function unlessHeld(
  [name, ...others]: string[],
  work: () => Promise<void>
): Promise<boolean> {
  if (name === undefined) {
    await work();
    return true;
  }
  return navigator.locks.request(name, { ifAvailable: true }, (lock) =>
    lock ? unlessHeld(others, work) : false
  );
}

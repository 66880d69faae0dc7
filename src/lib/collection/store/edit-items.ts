import { StoreError } from '#lib/base/errors.ts';
import { hashOfKey, HASH_BYTES } from '#lib/base/hash.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import type { Collection, Field } from '../types.ts';
import type { Database, Writing } from './database.ts';
import { edit, type CollectionState } from './edit.ts';
import { itemsAt } from './items.ts';
import { segmentsOf } from './segments.ts';
import { carryPredictions } from './predictions.ts';
import { appendRows, supersede, type ItemEdit, type NewItem } from './staging.ts';

/** The state of a collection's rows that an edit was made for. */
export type ExpectedState = Pick<Collection, 'generation' | 'nextRow' | 'deadRevision'>;

/** An item that an edit brings. */
export interface BornItem {
  item: NewItem;
  /** The row whose place it takes; undefined for a new item. */
  replaces?: Row;
  /** Its vector, where the text is one that has its vector already: it is live at once. */
  vector?: Float32Array;
}

/** A change of a collection's items. */
export interface ItemChange {
  expects: ExpectedState;
  born: BornItem[];
  /** Rows whose items are deleted. */
  kill: Row[];
  /** Fields that are new. */
  fields?: Field[];
}

/**
 * Changes items in one transaction: all or nothing. Nothing is written over: a changed item is a new row, and
 * its old one dies, at once where the new one brings its vector, else when that is acknowledged. Deleting an
 * item whose new text waits for its vector deletes the old one with it. Throws `StoreError`:
 * `changed-meanwhile` when the rows are not as expected any more (read them again), `collection-gone`, and
 * what `write` throws.
 */
export function applyEdit(
  db: Database,
  id: CollectionId,
  { expects, born, kill, fields = [] }: ItemChange
): Promise<ItemEdit> {
  // Blobs are made before the transaction opens; what is expected tells which rows they will be of.
  const parts = segmentsOfBorn(id, born, expects.nextRow);
  return edit(db, id, ['items', 'segments', 'codes', 'derived'], async (state, tx) => {
    expectState(state.collection, expects);
    addFields(state.collection, fields);
    const gone = await bury(tx, state, kill);
    await bear(tx, state, born, gone);
    await Promise.all(
      parts.flatMap(({ segment, codes }) => [
        tx.objectStore('segments').add(segment),
        tx.objectStore('codes').put(codes)
      ])
    );
    // What was predicted of a text is true of it as long as it is the same.
    const kept = born.flatMap(({ replaces, vector }, n): [Row, Row][] =>
      vector && replaces !== undefined ? [[replaces, expects.nextRow + n]] : []
    );
    await carryPredictions(tx, id, kept);
    const { generation } = state.collection;
    return { generation, born: born.map((_, n) => expects.nextRow + n), gone: [...gone] };
  });
}

/**
 * Undoes an edit in one transaction: its rows die, and those that went by it are back. Throws `StoreError`:
 * `changed-meanwhile` when the rows are not as expected any more, or the edit's own rows are gone or were
 * numbered anew, `collection-gone`, and what `write` throws.
 */
export async function undoEdit(
  db: Database,
  id: CollectionId,
  expects: ExpectedState,
  { generation, born, gone }: ItemEdit
): Promise<void> {
  await edit(db, id, ['items'], async ({ collection, embedded, dead }, tx) => {
    expectState(collection, expects);
    if (collection.generation !== generation || born.some((row) => dead.has(row))) {
      throw changedMeanwhile();
    }
    for (const row of born) dead.add(row);
    for (const row of gone) dead.delete(row);
    // A row whose vector came while it was gone takes the place now that it waited for.
    for (const item of await itemsAt(tx, id, gone)) {
      if (item?.replaces !== undefined && embedded.has(item.row)) dead.add(item.replaces);
    }
  });
}

function expectState(collection: Collection, expects: ExpectedState): void {
  const { generation, nextRow, deadRevision } = collection;
  const same =
    generation === expects.generation &&
    nextRow === expects.nextRow &&
    deadRevision === expects.deadRevision;
  if (!same) throw changedMeanwhile();
}

function addFields(collection: Collection, fields: Field[]): void {
  const known = new Set(collection.fields.map(({ name }) => name));
  collection.fields.push(...fields.filter(({ name }) => !known.has(name)));
}

/** Kills the rows of deleted items; returns them, with those that they were to replace. */
async function bury(tx: Writing, state: CollectionState, kill: Row[]): Promise<Set<Row>> {
  const gone = new Set<Row>();
  const items = await itemsAt(tx, state.collection.id, kill);
  for (const [n, row] of kill.entries()) {
    for (const dies of [row, items[n]?.replaces]) {
      if (dies === undefined || state.dead.has(dies)) continue;
      state.dead.add(dies);
      gone.add(dies);
    }
  }
  return gone;
}

/** Writes new items at the next rows; adds to `gone` what they take the place of. */
async function bear(
  tx: Writing,
  state: CollectionState,
  born: BornItem[],
  gone: Set<Row>
): Promise<void> {
  const replaced = born.flatMap(({ replaces }) => replaces ?? []);
  if (replaced.some((row) => state.dead.has(row))) throw changedMeanwhile();
  const holders = await itemsAt(tx, state.collection.id, replaced);
  const holderAt = new Map(holders.flatMap((item) => (item ? [[item.row, item]] : [])));
  await appendRows(
    tx,
    state,
    born.map(({ item, replaces, vector }) => (row) => {
      const holder = replaces === undefined ? undefined : holderAt.get(replaces);
      for (const old of [holder?.row, holder?.replaces]) {
        // What was replaced before is no work of this edit: to undo it would bring back both.
        if (old !== undefined && !state.dead.has(old)) gone.add(old);
      }
      if (!vector) return { ...item, row, replaces: holder && supersede(holder, state) };
      state.embedded.add(row);
      for (const old of [holder?.row, holder?.replaces]) if (old !== undefined) state.dead.add(old);
      return { ...item, row };
    })
  );
}

function segmentsOfBorn(collection: CollectionId, born: BornItem[], firstRow: Row) {
  const embedded = born.flatMap(({ item, vector }, n) =>
    vector ? [{ row: firstRow + n, vector, hash: hashOfKey(item.textHash) }] : []
  );
  const dimensions = embedded[0]?.vector.length ?? 0;
  const vectors = new Float32Array(embedded.length * dimensions);
  const hashes = new Uint8Array(embedded.length * HASH_BYTES);
  embedded.forEach(({ vector, hash }, n) => {
    vectors.set(vector, n * dimensions);
    hashes.set(hash, n * HASH_BYTES);
  });
  const rows = Uint32Array.from(embedded, ({ row }) => row);
  return segmentsOf({ collection, rows, vectors, hashes, dimensions });
}

function changedMeanwhile(): StoreError {
  return new StoreError(
    'changed-meanwhile',
    'The items were changed meanwhile, here or in another tab.',
    'Look at them again, then try once more.'
  );
}

import { StoreError } from '#lib/base/errors.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import { keysOf, read, write, type Database, type Reading, type Writing } from './database.ts';
import { requireCollection } from './edit.ts';
import type { Field } from '../types.ts';
import type { Examples, Predictions } from './schema.ts';

/** Labels that are kept as fields of a collection, by the fields' names. */
export function listPredictions(db: Database, id: CollectionId): Promise<Predictions[]> {
  return read(db, ['derived'], (tx) => predictionsIn(tx, id));
}

/** The names alone of the fields that labels are kept as. */
export function predictedFields(db: Database, id: CollectionId): Promise<string[]> {
  return read(db, ['derived'], async (tx) => {
    const keys = await tx.objectStore('derived').getAllKeys(keysOf(id));
    return keys.flatMap(([, kind, name]) => (kind === 'predictions' ? [name] : []));
  });
}

/**
 * Keeps labels as a field, in place of those of the same name. Throws `StoreError` `field-taken` when the
 * items have a field of this name (or of its score's) themselves, `collection-gone`, and what `write` throws.
 */
export async function savePredictions(
  db: Database,
  id: CollectionId,
  value: Predictions
): Promise<void> {
  await write(db, ['collections', 'derived'], async (tx) => {
    const { fields } = await requireCollection(tx, id);
    const others = (await predictionsIn(tx, id)).filter(({ field }) => field !== value.field);
    const known = [...fields.map(({ name }) => name), ...others.flatMap(namesOf)];
    const taken = known.find((name) => namesOf(value).includes(name));
    if (taken !== undefined) throw fieldTaken(taken);
    await tx
      .objectStore('derived')
      .put({ collection: id, kind: 'predictions', name: value.field, value });
  });
}

/** Forgets labels that were kept as a field; those that are gone already are no error. */
export async function deletePredictions(
  db: Database,
  id: CollectionId,
  field: string
): Promise<void> {
  await write(db, ['derived'], (tx) =>
    tx.objectStore('derived').delete([id, 'predictions', field])
  );
}

/** What the field of a prediction's scores is called. */
export function scoreField(field: string): string {
  return `${field} score`;
}

/** The labels that a reader gave by hand. */
export function getExamples(db: Database, id: CollectionId): Promise<Examples> {
  return read(db, ['derived'], async (tx) => {
    const kept = await tx.objectStore('derived').get([id, 'examples', 'marked']);
    return kept?.kind === 'examples' ? kept.value : new Map();
  });
}

/** Keeps the labels that a reader gave by hand. Throws `StoreError` `collection-gone`. */
export async function saveExamples(db: Database, id: CollectionId, value: Examples): Promise<void> {
  await write(db, ['collections', 'derived'], async (tx) => {
    await requireCollection(tx, id);
    await tx
      .objectStore('derived')
      .put({ collection: id, kind: 'examples', name: 'marked', value });
  });
}

/** {@link listPredictions} in a transaction that sees `derived`. */
export async function predictionsIn(tx: Reading, id: CollectionId): Promise<Predictions[]> {
  const kept = await tx.objectStore('derived').getAll(keysOf(id));
  return kept.flatMap((record) => (record.kind === 'predictions' ? [record.value] : []));
}

/** Throws `StoreError` `field-taken` when one of some fields is called as predictions that are kept. */
export async function assertNotPredicted(
  tx: Reading,
  id: CollectionId,
  fields: Field[]
): Promise<void> {
  const predicted = new Set((await predictionsIn(tx, id)).flatMap(namesOf));
  const taken = fields.find(({ name }) => predicted.has(name));
  if (!taken) return;
  throw new StoreError(
    'field-taken',
    `Predictions are kept as “${taken.name}” here, and the file has a field of that name.`,
    'Leave this field out of the fields to keep, or give it another name in the file.'
  );
}

function namesOf({ field }: Pick<Predictions, 'field'>): string[] {
  return [field, scoreField(field)];
}

/** Gives rows what was predicted for others, as pairs from a row to another. */
export async function carryPredictions(
  tx: Writing,
  id: CollectionId,
  pairs: [from: Row, to: Row][]
): Promise<void> {
  if (pairs.length === 0) return;
  const size = 1 + pairs.reduce((most, [, to]) => Math.max(most, to), 0);
  for (const value of await predictionsIn(tx, id)) {
    const of = new Uint16Array(Math.max(size, value.of.length));
    const scores = new Float32Array(of.length);
    of.set(value.of);
    scores.set(value.scores);
    for (const [from, to] of pairs) {
      of[to] = of[from] ?? 0;
      scores[to] = scores[from] ?? 0;
    }
    const kept = { ...value, of, scores };
    await tx
      .objectStore('derived')
      .put({ collection: id, kind: 'predictions', name: value.field, value: kept });
  }
}

function fieldTaken(name: string): StoreError {
  return new StoreError(
    'field-taken',
    `The items have a field “${name}” already.`,
    'Give the predictions another name.'
  );
}

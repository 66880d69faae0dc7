import type { CollectionId } from '#lib/base/ids.ts';
import { read, write, type Database, type Reading, type Writing } from './database.ts';
import { requireCollection, type CollectionState } from './edit.ts';
import type { FailedRow, Run, Spent } from './schema.ts';

/** What embedding a collection has cost and what failed; zeros when nothing was done. */
export function getRun(db: Database, id: CollectionId): Promise<Run> {
  return read(db, ['runs'], (tx) => loadRun(tx, id));
}

/**
 * Lists rows that could not be embedded; a row failing again keeps its newest reason. Throws
 * `StoreError` `collection-gone`.
 */
export async function recordFailures(
  db: Database,
  id: CollectionId,
  failed: FailedRow[]
): Promise<void> {
  await write(db, ['collections', 'runs'], async (tx) => {
    await requireCollection(tx, id);
    const run = await loadRun(tx, id);
    const byRow = new Map([...run.failed, ...failed].map((failure) => [failure.row, failure]));
    await saveRun(tx, { ...run, failed: [...byRow.values()] });
  });
}

/** Empties the list of failed rows, so that they are pending like any other. */
export async function clearFailures(db: Database, id: CollectionId): Promise<void> {
  await write(db, ['runs'], async (tx) => {
    const run = await loadRun(tx, id);
    if (run.failed.length > 0) await saveRun(tx, { ...run, failed: [] });
  });
}

/** Tokens and dollars ever spent on this device. */
export function getSpent(db: Database): Promise<Spent> {
  return read(db, ['settings'], loadSpent);
}

/** Counts what was spent outside of collections, such as on queries. */
export async function addSpent(db: Database, spent: Spent): Promise<void> {
  await write(db, ['settings'], (tx) => addToSpent(tx, spent));
}

/** Counts a request's cost for its collection and for the device; embedded rows no longer fail. */
export async function addToRun(
  tx: Writing,
  { collection, embedded }: CollectionState,
  spent: Spent & { requests: number }
): Promise<void> {
  const run = await loadRun(tx, collection.id);
  await saveRun(tx, {
    ...run,
    tokens: run.tokens + spent.tokens,
    costUsd: run.costUsd + spent.costUsd,
    requests: run.requests + spent.requests,
    failed: run.failed.filter(({ row }) => !embedded.has(row))
  });
  await addToSpent(tx, spent);
}

async function addToSpent(tx: Writing, { tokens, costUsd }: Spent): Promise<void> {
  const before = await loadSpent(tx);
  const after: Spent = { tokens: before.tokens + tokens, costUsd: before.costUsd + costUsd };
  await tx.objectStore('settings').put(after, 'spent');
}

async function loadSpent(tx: Reading): Promise<Spent> {
  const spent = (await tx.objectStore('settings').get('spent')) as Spent | undefined;
  return spent ?? { tokens: 0, costUsd: 0 };
}

async function loadRun(tx: Reading, collection: CollectionId): Promise<Run> {
  const run = await tx.objectStore('runs').get(collection);
  return run ?? { collection, tokens: 0, costUsd: 0, requests: 0, failed: [], updatedAt: 0 };
}

async function saveRun(tx: Writing, run: Run): Promise<void> {
  await tx.objectStore('runs').put({ ...run, updatedAt: Date.now() });
}

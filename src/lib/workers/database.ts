import { makeAnnouncer } from '#lib/base/changes.ts';
import { openDatabase, type Database } from '#lib/collection/store/database.ts';

let opening: Promise<Database> | undefined;

/**
 * This worker's one connection, opened at the first use. One that failed, gave way to a newer tab or
 * was closed by the browser is forgotten, so that the next use opens another.
 */
export function sharedDatabase(): Promise<Database> {
  opening ??= openDatabase({ onClosed }).catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return opening;
}

function onClosed(): void {
  opening = undefined;
  // The page looks again, and so finds out whether there is a newer version of it.
  makeAnnouncer()({ kind: 'library' });
}

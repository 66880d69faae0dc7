import { openDatabase, type Database } from '#lib/collection/store/database.ts';

let opening: Promise<Database> | undefined;

/**
 * This worker's one connection, opened at the first use. A failed or outdated one is forgotten, so
 * that the next use tries again.
 */
export function sharedDatabase(): Promise<Database> {
  opening ??= openDatabase({ onOutdated: () => (opening = undefined) }).catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return opening;
}

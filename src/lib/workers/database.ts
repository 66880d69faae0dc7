import { openDatabase, type Database } from '#lib/collection/store/database.ts';

let opening: Promise<Database> | undefined;

/**
 * This worker's one connection, opened at the first use. One that failed, gave way to a newer tab or
 * was closed by the browser is forgotten, so that the next use opens another.
 */
export function sharedDatabase(): Promise<Database> {
  opening ??= openDatabase({ onClosed: forget }).catch((error: unknown) => {
    forget();
    throw error;
  });
  return opening;
}

function forget(): void {
  opening = undefined;
}

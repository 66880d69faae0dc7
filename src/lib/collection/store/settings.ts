import { read, write, type Database } from './database.ts';
import type { Settings } from './schema.ts';

/** A setting, or undefined when it was never set. */
export async function getSetting<Name extends keyof Settings>(
  db: Database,
  name: Name
): Promise<Settings[Name] | undefined> {
  const value = await read(db, ['settings'], (tx) => tx.objectStore('settings').get(name));
  // The store's values are a union; the name tells which of them it is.
  return value as Settings[Name] | undefined;
}

/** Keeps a setting. */
export async function setSetting<Name extends keyof Settings>(
  db: Database,
  name: Name,
  value: Settings[Name]
): Promise<void> {
  await write(db, ['settings'], (tx) => tx.objectStore('settings').put(value, name));
}

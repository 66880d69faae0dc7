import { write, type Database } from './database.ts';
import type { KeptKey, Settings } from './schema.ts';
import { getSetting } from './settings.ts';

/** Who a kept key is for. */
export type KeyedProvider = keyof Settings['keys'];

/** The encrypted key kept for a provider, or undefined. */
export async function getKeptKey(
  db: Database,
  provider: KeyedProvider
): Promise<KeptKey | undefined> {
  return (await getSetting(db, 'keys'))?.[provider];
}

/** Keeps an encrypted key in place of the one before; undefined removes it. The others stay. */
export async function putKeptKey(
  db: Database,
  provider: KeyedProvider,
  kept: KeptKey | undefined
): Promise<void> {
  await write(db, ['settings'], async (tx) => {
    const store = tx.objectStore('settings');
    const keys: Settings['keys'] = { ...((await store.get('keys')) as Settings['keys']) };
    if (kept) keys[provider] = kept;
    else delete keys[provider];
    await (Object.keys(keys).length > 0 ? store.put(keys, 'keys') : store.delete('keys'));
  });
}

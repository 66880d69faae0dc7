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
    const before = Object.entries((await store.get('keys')) ?? {});
    const others = before.filter(([name]) => name !== provider);
    const keys = kept ? [...others, [provider, kept] as const] : others;
    await (keys.length > 0 ? store.put(Object.fromEntries(keys), 'keys') : store.delete('keys'));
  });
}

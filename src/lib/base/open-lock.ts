import type { CollectionId } from './ids.ts';

/** The Web Lock that whoever has a collection open shares: its rows keep their numbers meanwhile. */
export function openLock(id: CollectionId): string {
  return `semblance:open:${id}`;
}

/** Shares a collection's {@link openLock} until the signal is aborted; resolves once it is shared. */
export function keepOpen(id: CollectionId, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const released = new Promise<void>((release) =>
      signal.addEventListener('abort', () => release(), { once: true })
    );
    const held = () => {
      resolve();
      return signal.aborted ? undefined : released;
    };
    navigator.locks.request(openLock(id), { mode: 'shared' }, held).catch(reject);
  });
}

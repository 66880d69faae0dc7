import type { CollectionId } from './ids.ts';

/** What tabs and workers tell each other; receivers read the store for the rest. */
export type Change =
  /** A collection was made, renamed or deleted, or money was spent. */
  | { kind: 'library' }
  /** Rows of a collection got vectors, failed, or died. */
  | { kind: 'rows'; collection: CollectionId };

const CHANNEL = 'semblance';

/** Tells every other tab and worker of this origin about a change. */
export function makeAnnouncer(): (change: Change) => void {
  const channel = new BroadcastChannel(CHANNEL);
  return (change) => channel.postMessage(change);
}

/** Calls `listener` for every change told by another tab or worker; returns how to stop. */
export function onChange(listener: (change: Change) => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (event: MessageEvent<Change>) => listener(event.data);
  return () => channel.close();
}

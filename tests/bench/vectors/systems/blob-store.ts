/*
 * One Blob in an IndexedDB database of its own: all that a plain loop needs to be kept. By the bare
 * API, since `idb` belongs to the application's store.
 */

const DATABASE = 'plain-vectors';
const STORE = 'blobs';
const KEY = 'vectors';

/** Keeps a Blob in place of the one before; resolves when it is on the disk. */
export async function writeBlob(blob: Blob): Promise<void> {
  const db = await openDatabase();
  const tx = db.transaction(STORE, 'readwrite', { durability: 'strict' });
  tx.objectStore(STORE).put(blob, KEY);
  await new Promise<void>((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error);
  });
  db.close();
}

/** The Blob that was kept last. */
export async function readBlob(): Promise<Blob> {
  const db = await openDatabase();
  return settled(db.transaction(STORE).objectStore(STORE).get(KEY));
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

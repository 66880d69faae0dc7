import { quotaExceeded } from './database.ts';

/** How full the browser's storage is for this page, as the browser estimates it. */
export interface StorageState {
  usedBytes: number;
  quotaBytes: number;
  /** The browser has promised not to evict it. */
  persisted: boolean;
}

/** Asks the browser how much is used, how much may be, and whether it is safe from eviction. */
export async function storageState(): Promise<StorageState> {
  const [{ usage = 0, quota = 0 }, persisted] = await Promise.all([
    navigator.storage.estimate(),
    navigator.storage.persisted()
  ]);
  return { usedBytes: usage, quotaBytes: quota, persisted };
}

/** Bytes that `rows` vectors take when they are kept: float32, and a code of eight bits a value. */
export function keptBytes(rows: number, dimensions: number): number {
  return rows * dimensions * (Float32Array.BYTES_PER_ELEMENT + Int8Array.BYTES_PER_ELEMENT);
}

/** Throws `StoreError` `quota-exceeded` when `bytes` more would not fit, before anything is spent. */
export async function assertRoomFor(bytes: number): Promise<void> {
  const { usedBytes, quotaBytes } = await storageState();
  const freeBytes = quotaBytes - usedBytes;
  if (bytes > freeBytes) throw quotaExceeded({ neededBytes: bytes, freeBytes });
}

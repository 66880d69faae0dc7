import { onChange } from '#lib/base/changes.ts';
import { toErrorData, type ErrorData } from '#lib/base/errors.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { items } from '#lib/workers/clients.ts';
import type { CollectionState } from '#lib/workers/items-api.ts';

/** What this device keeps, and what it may keep. */
export interface StorageView {
  usedBytes: number;
  quotaBytes: number;
  persisted: boolean;
}

/** All collections on this device, what was spent, and the room they take. */
class Library {
  #collections = $state.raw<CollectionState[] | null>(null);
  #spent = $state.raw({ tokens: 0, costUsd: 0 });
  #storage = $state.raw<StorageView | null>(null);
  #persistRefused = $state(false);
  #error = $state.raw<ErrorData | null>(null);
  #reading = false;
  #stale = false;

  /** Newest first; null until they have been read. */
  get collections(): readonly CollectionState[] | null {
    return this.#collections;
  }
  /** Tokens and dollars ever spent, deleted collections included. */
  get spent(): { tokens: number; costUsd: number } {
    return this.#spent;
  }
  get storage(): StorageView | null {
    return this.#storage;
  }
  /** Whether the browser was asked to keep everything, and did not promise it. */
  get persistRefused(): boolean {
    return this.#persistRefused;
  }
  get error(): ErrorData | null {
    return this.#error;
  }

  /** A collection as it was last read; undefined before that, and when it is gone. */
  find(id: CollectionId): CollectionState | undefined {
    return this.#collections?.find(({ collection }) => collection.id === id);
  }

  /** A name that no collection has: `name`, or `name (2)` and so on. */
  freeName(name: string): string {
    const taken = new Set(this.#collections?.map(({ collection }) => collection.name));
    const base = name.replace(/ \(\d+\)$/, '');
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${base} (${n})`;
    return free;
  }

  /** Reads everything now and whenever a tab or worker tells of a change; returns how to stop. */
  watch(): () => void {
    void this.refresh();
    return onChange(() => void this.refresh());
  }

  /** Reads everything again; calls during a reading lead to one more, not to many. */
  async refresh(): Promise<void> {
    this.#stale = true;
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#stale) {
        this.#stale = false;
        await this.#read();
      }
    } finally {
      this.#reading = false;
    }
  }

  async #read(): Promise<void> {
    try {
      const [collections, spent, storage] = await Promise.all([
        items.api.collections(),
        items.api.spent(),
        items.api.storage()
      ]);
      this.#collections = collections;
      this.#spent = spent;
      this.#storage = storage;
      this.#error = null;
    } catch (error) {
      this.#error = toErrorData(error);
    }
  }

  /** Gives a collection another name. */
  async rename(id: CollectionId, name: string): Promise<void> {
    await this.#edit(() => items.api.rename(id, name));
  }

  /** Deletes a collection and all that is kept for it. */
  async remove(id: CollectionId): Promise<void> {
    await this.#edit(() => items.api.remove(id));
  }

  /** Asks the browser never to evict what this page keeps. */
  async persist(): Promise<void> {
    await this.#edit(async () => {
      // Only a page may ask; a worker may not.
      this.#persistRefused = !(await navigator.storage.persist());
    });
  }

  async #edit(edit: () => Promise<void>): Promise<void> {
    try {
      await edit();
      await this.refresh();
    } catch (error) {
      this.#error = toErrorData(error);
    }
  }
}

export const library = new Library();

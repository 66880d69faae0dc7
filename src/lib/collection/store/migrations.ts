import type { Migration } from './database.ts';

/** The steps from an empty database to today's `Schema`, oldest first. Append only. */
export const MIGRATIONS: Migration[] = [
  (db) => {
    db.createObjectStore('collections', { keyPath: 'id' });
    db.createObjectStore('items', { keyPath: ['collection', 'block'] });
    db.createObjectStore('segments', { keyPath: ['collection', 'firstRow', 'count'] });
    db.createObjectStore('rows', { keyPath: 'collection' });
    db.createObjectStore('runs', { keyPath: 'collection' });
    db.createObjectStore('graphs', { keyPath: 'collection' });
    const vectors = db.createObjectStore('vectors', { keyPath: ['space', 'hash'] });
    vectors.createIndex('usedAt', 'usedAt');
    db.createObjectStore('settings');
  },
  (db) => {
    db.createObjectStore('codes', { keyPath: ['collection', 'firstRow', 'count'] });
    db.createObjectStore('derived', { keyPath: ['collection', 'kind', 'name'] });
    // Graphs were one Blob and are several now. A graph is a cache: it is built again, not rewritten.
    db.deleteObjectStore('graphs');
    db.createObjectStore('graphs', { keyPath: 'collection' });
  }
];

/** A collection's id: 16 random hexadecimal characters, safe in a URL. */
export type CollectionId = string & { readonly __brand: 'CollectionId' };

/** A place in a collection: append-only, and equal to the label in the HNSW graph. */
export type Row = number;

/** A new random collection id. */
export function newCollectionId(): CollectionId {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') as CollectionId;
}

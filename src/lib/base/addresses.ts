/*
 * Ids of items are whatever a file says, and the router decodes addresses more than once: what is not plain
 * is written in letters and digits alone.
 */

const PLAIN = /^[\w-][\w.-]*$/;
/** Stands before an id that is written as base64url of its UTF-8. */
const ENCODED = '~';

/** The address of an item's page in its collection. */
export function itemAddress(collection: string, id: string): string {
  return `#/c/${collection}/items/${itemSegment(id)}`;
}

/** An id as a part of an address. */
export function itemSegment(id: string): string {
  if (PLAIN.test(id)) return id;
  const bytes = String.fromCharCode(...new TextEncoder().encode(id));
  return ENCODED + btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The reverse of {@link itemSegment}; what was not written by it is taken for an id itself. */
export function itemOfSegment(segment: string): string {
  if (!segment.startsWith(ENCODED)) return segment;
  try {
    const bytes = atob(segment.slice(1).replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  } catch {
    return segment;
  }
}

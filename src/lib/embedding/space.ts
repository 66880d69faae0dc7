import type { Space } from './types.ts';

/** A space as one string, for keys: `provider|model|dimensions|revision`. */
export function spaceKey(space: Space): string {
  return [space.provider, space.model, space.dimensions, space.revision].join('|');
}

/** Whether vectors of the two spaces may be compared. */
export function sameSpace(a: Space, b: Space): boolean {
  return spaceKey(a) === spaceKey(b);
}

/**
 * A space is what makes two vectors comparable: who made them, with which model, at how many
 * dimensions. Vectors of two spaces are never mixed.
 */
export interface Space {
  /** `openai` (own key and course token alike), `built-in@1`, or a normalised base URL. */
  provider: string;
  model: string;
  dimensions: number;
  revision: number;
}

/** A space as one string, for keys: `provider|model|dimensions|revision`. */
export function spaceKey(space: Space): string {
  return [space.provider, space.model, space.dimensions, space.revision].join('|');
}

/** Whether vectors of the two spaces may be compared. */
export function sameSpace(a: Space, b: Space): boolean {
  return spaceKey(a) === spaceKey(b);
}

/** A class to sort items into. */
export interface Label {
  name: string;
  /** What belongs to it, in words; null where the name has to say it all. */
  description: string | null;
}

/** The labels of a text, and lines that say the same label again. */
export interface ParsedLabels {
  labels: Label[];
  repeated: string[];
}

/**
 * Reads labels, a line each: `label`, or `label: description` (split at the first colon). Blank lines are
 * passed over; of a label that stands twice the first counts.
 */
export function parseLabels(text: string): ParsedLabels {
  const labels = new Map<string, Label>();
  const repeated: string[] = [];
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    const name = (colon < 0 ? line : line.slice(0, colon)).trim();
    const description = colon < 0 ? '' : line.slice(colon + 1).trim();
    if (name === '') continue;
    if (labels.has(name)) repeated.push(name);
    else labels.set(name, { name, description: description || null });
  }
  return { labels: [...labels.values()], repeated };
}

/** A class to sort items into. */
export interface Label {
  name: string;
  /** What belongs to it, in words; null where the name has to say it all. */
  description: string | null;
}

/** The labels of a text, and lines that say the same label again. */
export interface ParsedLabels {
  labels: Label[];
  /** Lines that were passed over: their numbers, from 1, and the labels that stood before. */
  repeated: { line: number; name: string }[];
}

/**
 * Reads labels, a line each: `label`, or `label: description`, split at the first colon that no slash follows,
 * as one does in an address. Blank lines, and lines without a label, are passed over; of a label that stands
 * twice the first counts.
 */
export function parseLabels(text: string): ParsedLabels {
  const labels = new Map<string, Label>();
  const repeated: ParsedLabels['repeated'] = [];
  text.split('\n').forEach((line, n) => {
    const colon = line.search(/:(?!\/)/);
    const name = (colon < 0 ? line : line.slice(0, colon)).trim();
    const description = colon < 0 ? '' : line.slice(colon + 1).trim();
    if (name === '') return;
    if (labels.has(name)) repeated.push({ line: n + 1, name });
    else labels.set(name, { name, description: description || null });
  });
  return { labels: [...labels.values()], repeated };
}

/** A text for each label, in their order. */
export interface LabelTexts {
  /** What they say, such as `Label only`. */
  name: string;
  texts: string[];
}

/**
 * What is embedded for labels: the labels alone and, where one has a description, the descriptions (of those
 * without one, the label).
 */
export function labelTexts(labels: Label[]): LabelTexts[] {
  const alone = { name: 'Label only', texts: labels.map(({ name }) => name) };
  if (labels.every(({ description }) => description === null)) return [alone];
  const texts = labels.map(({ name, description }) => description ?? name);
  return [alone, { name: 'With description', texts }];
}

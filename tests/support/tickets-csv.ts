import { seededRandom } from './random.ts';

const SUBJECTS =
  'printer invoice password laptop order refund parcel account login screen keyboard subscription backup calendar meeting phone contract delivery camera router update battery ticket report payment'.split(
    ' '
  );
const TROUBLES =
  'does not start|is missing|arrived broken|was charged twice|keeps disconnecting|shows an error|can not be opened|is slower than before|needs a new address|was cancelled by mistake'.split(
    '|'
  );
const DETAILS =
  'since the last update|on my second device|although I paid on Monday|and nobody answered, so I ask again|after moving to another office|when two people use it|only in the evening|even with the "quick fix" from the manual'.split(
    '|'
  );

/** A support ticket; the day is of March 2026. */
export interface Ticket {
  subject: string;
  description: string;
  priority: number;
  day: string;
}

/** Support tickets of about `bytesPerRow` bytes, a hundred words in all: the same for the same seed. */
export function tickets(rows: number, bytesPerRow: number, seed = 1): Ticket[] {
  const random = seededRandom(seed);
  const pick = (words: string[]) => words[Math.floor(random() * words.length)]!;
  const sentence = () => `The ${pick(SUBJECTS)} ${pick(TROUBLES)} ${pick(DETAILS)}.`;
  return Array.from({ length: rows }, (_, n) => {
    let description = sentence();
    while (description.length < bytesPerRow - 60) {
      description += (random() < 0.1 ? '\n' : ' ') + sentence();
    }
    return {
      description,
      day: String(1 + Math.floor(random() * 28)).padStart(2, '0'),
      subject: `${pick(SUBJECTS)} ${pick(SUBJECTS)} ${n + 1}`,
      priority: 1 + Math.floor(random() * 5)
    };
  });
}

/**
 * {@link tickets} as a CSV: `rows` rows of about `bytesPerRow` bytes, with quoted commas, quotes and line
 * breaks in it.
 */
export function ticketsCsv(rows: number, bytesPerRow: number, seed = 1): string {
  const lines = tickets(rows, bytesPerRow, seed).map((ticket, n) => {
    const { subject, description, priority, day } = ticket;
    return `T${n + 1},${subject},"${description.replaceAll('"', '""')}",${priority},2026-03-${day}`;
  });
  return ['id,subject,description,priority,created', ...lines].join('\r\n') + '\r\n';
}

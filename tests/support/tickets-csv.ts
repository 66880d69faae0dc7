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

/**
 * A CSV of support tickets: `rows` rows of about `bytesPerRow` bytes, the same for the same seed,
 * with quoted commas, quotes and line breaks in it.
 */
export function ticketsCsv(rows: number, bytesPerRow: number, seed = 1): string {
  const random = seededRandom(seed);
  const pick = (words: string[]) => words[Math.floor(random() * words.length)]!;
  const sentence = () => `The ${pick(SUBJECTS)} ${pick(TROUBLES)} ${pick(DETAILS)}.`;
  const lines = ['id,subject,description,priority,created'];
  for (let row = 1; row <= rows; row++) {
    let description = sentence();
    while (description.length < bytesPerRow - 60) {
      description += (random() < 0.1 ? '\n' : ' ') + sentence();
    }
    const quoted = `"${description.replaceAll('"', '""')}"`;
    const day = String(1 + Math.floor(random() * 28)).padStart(2, '0');
    const subject = `${pick(SUBJECTS)} ${pick(SUBJECTS)} ${row}`;
    lines.push(`T${row},${subject},${quoted},${1 + Math.floor(random() * 5)},2026-03-${day}`);
  }
  return lines.join('\r\n') + '\r\n';
}

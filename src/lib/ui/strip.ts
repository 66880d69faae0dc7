/** Steps of colour on each side of zero; `--cell-0` … `--cell-12` in tokens.css. */
const STEPS = 6;

/**
 * A fingerprint as one CSS gradient with hard stops, a colour variable each, so that hundreds in a
 * list cost one style each and follow the colour scheme. Cells are signed bytes, -127 to 127.
 */
export function stripGradient(cells: Int8Array): string {
  const stops: string[] = [];
  for (let from = 0; from < cells.length;) {
    const step = stepOf(cells[from]!);
    let to = from + 1;
    while (to < cells.length && stepOf(cells[to]!) === step) to++;
    stops.push(`var(--cell-${step}) ${place(from, cells.length)} ${place(to, cells.length)}`);
    from = to;
  }
  return `linear-gradient(90deg, ${stops.join(', ')})`;
}

/** Small values are most of a vector: a power below 1 lets them show. */
function stepOf(cell: number): number {
  const strength = Math.min(1, Math.abs(cell) / 127) ** 0.75;
  return STEPS + Math.sign(cell) * Math.round(strength * STEPS);
}

function place(cell: number, of: number): string {
  return `${Number(((cell / of) * 100).toFixed(3))}%`;
}

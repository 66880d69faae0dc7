import type { ReadSpeed, Result, Skipped, VectorReport } from './types.ts';

const COLUMNS: [string, (result: Result) => string][] = [
  ['system', ({ system, method, effort }) => `${system} ${method}${effort ? ` (${effort})` : ''}`],
  ['first answer, ms', ({ readyMs }) => format(readyMs)],
  ['stored too, ms', ({ readyStoredMs }) => format(readyStoredMs)],
  ['build, ms', ({ buildMs }) => format(buildMs)],
  ['kernel p50, ms', ({ kernelP50Ms }) => format(kernelP50Ms)],
  ['scan p50, ms', ({ scanP50Ms }) => format(scanP50Ms)],
  ['first p50, ms', ({ firstP50Ms }) => format(firstP50Ms)],
  ['page p50, ms', ({ p50Ms }) => format(p50Ms)],
  ['page p95, ms', ({ p95Ms }) => format(p95Ms)],
  ['recall@10', ({ recall10 }) => recall10.toFixed(3)],
  ['memory, MB', ({ memoryBytes }) => format(memoryBytes, 1e6)],
  ['own count, MB', ({ ownBytes }) => format(ownBytes, 1e6)],
  ['disk, MB', ({ diskBytes }) => format(diskBytes, 1e6)],
  ['open, ms', ({ openMs }) => format(openMs)],
  ['1 % filter p50, ms', ({ filteredP50Ms }) => format(filteredP50Ms)],
  ['its recall@10', ({ filteredRecall10 }) => filteredRecall10?.toFixed(3) ?? '–']
];

/** A whole report in Markdown: a table for each set of vectors, what was left out, how times grow. */
export function toMarkdown({ machine, limit, results, skipped }: VectorReport): string {
  const sets = groupBy([...results, ...skipped], ({ n, dim, data }) => `${n} ${dim} ${data}`);
  return [
    Object.values(machine).join(' · '),
    ...[...sets.values()].map((set) => tableOf(set, limit.sizes)),
    ...growthTable(results)
  ].join('\n\n');
}

function tableOf(set: (Result | Skipped)[], speeds: ReadSpeed[]): string {
  const { n, dim, data } = set[0]!;
  const limits = [4 * n * dim, n * dim].map((bytes) => {
    const speed = speeds.find((one) => one.bytes === bytes)?.gbPerSecond;
    return speed ? `${format(bytes, speed * 1e6)} ms (${format(speed)} GB/s)` : '–';
  });
  const results = set.filter((one): one is Result => !('why' in one));
  const notes = set.flatMap((one) => {
    const note = 'why' in one ? one.why : one.note;
    return note ? [`- ${one.system} ${one.method}: ${note}`] : [];
  });
  return [
    `### ${n.toLocaleString('en-US')} × ${dim}, ${data}`,
    `Reading the bytes of all float32 numbers once: ${limits[0]}; of one byte each: ${limits[1]}.`,
    table(
      COLUMNS.map(([name]) => name),
      results.map((result) => COLUMNS.map(([, value]) => value(result)))
    ),
    ...(notes.length > 0 ? [notes.join('\n')] : [])
  ].join('\n\n');
}

/** How the search's own time grows with the number of vectors: the exponent e of `ms ~ nᵉ`. */
function growthTable(results: Result[]): string[] {
  const series = groupBy(results, ({ system, method, data, dim }) =>
    [system, method, `${data} × ${dim}`].join(' | ')
  );
  const rows = [...series.values()].flatMap((ofOne) => {
    if (ofOne.length < 2) return [];
    const { system, method, data, dim } = ofOne[0]!;
    const points = ofOne.map(({ n, kernelP50Ms }) => ({ n, ms: kernelP50Ms }));
    const times = points.map(({ n, ms }) => `${n.toLocaleString('en-US')}: ${format(ms)}`);
    const exponent = slope(points.map(({ n, ms }) => ({ x: Math.log(n), y: Math.log(ms) })));
    return [[`${system} ${method}`, `${data} × ${dim}`, times.join(', '), exponent.toFixed(2)]];
  });
  if (rows.length === 0) return [];
  return ['### Growth', table(['system', 'vectors', 'kernel p50, ms', 'exponent'], rows)];
}

/** Slope of the line with the least squares. */
function slope(points: { x: number; y: number }[]): number {
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const rule = `|---${'|--:'.repeat(head.length - 1)}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

function groupBy<T>(values: T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}

/** A number with three figures that count, in units of `unit`; a dash for none. */
function format(value: number | null, unit = 1): string {
  if (value === null) return '–';
  const scaled = value / unit;
  return scaled.toLocaleString('en-US', {
    maximumFractionDigits: scaled >= 100 ? 0 : scaled >= 10 ? 1 : scaled >= 1 ? 2 : 3
  });
}

import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benchEmbed } from './embed.ts';
import { benchFirstLoad } from './first-load.ts';
import { benchImport } from './import.ts';
import { benchProxy } from './proxy.ts';
import { benchTasks } from './tasks.ts';
import { GENERATORS } from './vectors/data-sets.ts';
import { readRealVectors } from './vectors/real-vectors.ts';
import { toMarkdown } from './vectors/report.ts';
import { SYSTEMS } from './vectors/selection.ts';
import { benchVectors } from './vectors/vectors.ts';

/*
 * `npm run bench`: measures in a real Chromium and prints Markdown tables; the figures of README come
 * from it. A busy machine measures itself.
 */

/** A measured figure. */
export interface Figure {
  what: string;
  value: number;
  unit: string;
}

const PARTS: Record<string, () => Promise<Figure[]>> = {
  'first-load': benchFirstLoad,
  embed: benchEmbed,
  import: benchImport,
  tasks: benchTasks,
  proxy: benchProxy
};
const VECTORS = 'vectors';

const HELP = `npm run bench -- [options]

  --only NAMES     parts to measure: ${[...Object.keys(PARTS), VECTORS].join(', ')};
                   or systems, which means vectors with these alone:
                   ${SYSTEMS.join(', ')}
  --json FILE      also write the figures as JSON
Of vectors:
  --n NUMBERS      how many vectors, such as 1000,10000
  --dim NUMBERS    of how many dimensions; both together: every pair of them
  --data NAMES     how they are made: ${Object.keys(GENERATORS).join(', ')}
  --vectors FILE   real vectors instead: .npy, or .json with a list of vectors or of
                   objects with an embedding, the list itself or under items
  --limit SECONDS  most time for one system on one set of vectors (900)
Names and numbers are separated by commas. Nothing given: everything is measured.`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'string' },
    n: { type: 'string' },
    dim: { type: 'string' },
    data: { type: 'string' },
    vectors: { type: 'string' },
    limit: { type: 'string', default: '900' },
    help: { type: 'boolean', default: false }
  }
});
if (values.help) {
  console.log(HELP);
  process.exit();
}
const names = values.only?.split(',') ?? [...Object.keys(PARTS), VECTORS];
const data = values.data?.split(',');
const n = numbers(values.n);
const dim = numbers(values.dim);
const [limitSeconds = 0] = numbers(values.limit) ?? [];
const wrong = [
  ...names.filter((name) => !(name in PARTS) && name !== VECTORS && !SYSTEMS.includes(name)),
  ...(data ?? []).filter((name) => !(name in GENERATORS)),
  ...[...(n ?? []), ...(dim ?? []), limitSeconds].filter((value) => !(value >= 1))
];
if (wrong.length > 0) {
  console.error(`Not known: ${wrong.join(', ')}\n\n${HELP}`);
  process.exit(2);
}

const measured: Record<string, unknown> = {};
for (const name of Object.keys(PARTS).filter((name) => names.includes(name))) {
  const figures = await PARTS[name]!();
  measured[name] = figures;
  console.log(`\n| ${name} | |\n|---|--:|`);
  for (const { what, value, unit } of figures)
    console.log(`| ${what} | ${format(value)} ${unit} |`);
}
const chosen = SYSTEMS.filter((system) => names.includes(system));
if (names.includes(VECTORS) || chosen.length > 0) {
  const systems = chosen.length > 0 ? chosen : undefined;
  const real = values.vectors ? await readRealVectors(values.vectors) : undefined;
  const report = await benchVectors({ n, dim, data, real, systems, limitSeconds });
  Object.assign(measured, report);
  console.log(`\n${toMarkdown(report)}`);
}
if (values.json) await writeFile(values.json, JSON.stringify(measured, null, 2) + '\n');

/** Whole numbers from a list; NaN for what is none. */
function numbers(list: string | undefined): number[] | undefined {
  return list?.split(',').map((text) => (/^\d+$/.test(text) ? Number(text) : NaN));
}

function format(value: number): string {
  const maximumFractionDigits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits });
}

import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benchEmbed } from './embed.ts';
import { benchFirstLoad } from './first-load.ts';
import { benchImport } from './import.ts';

/*
 * `npm run bench [-- --only NAME] [--json FILE]`: measures the built site in a real Chromium and
 * prints a Markdown table; the figures of README come from it. A busy machine measures itself.
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
  import: benchImport
};

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } } });
const names = Object.keys(PARTS).filter((name) => !values.only || name === values.only);
if (names.length === 0) {
  console.error(`Usage: --only ${Object.keys(PARTS).join('|')} --json FILE`);
  process.exit(2);
}

const measured: Record<string, Figure[]> = {};
for (const name of names) {
  const figures = (measured[name] = await PARTS[name]!());
  console.log(`\n| ${name} | |\n|---|--:|`);
  for (const { what, value, unit } of figures)
    console.log(`| ${what} | ${format(value)} ${unit} |`);
}
if (values.json) await writeFile(values.json, JSON.stringify(measured, null, 2) + '\n');

function format(value: number): string {
  const maximumFractionDigits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits });
}

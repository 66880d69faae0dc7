import { parseArgs } from 'node:util';
import { soakBrowserTests } from './browser-tests.ts';
import { soakImport } from './import.ts';
import { soakKills } from './kills.ts';
import { soakProxy } from './proxy.ts';
import { soakStorms } from './storms.ts';
import { soakXss } from './xss.ts';

/*
 * `npm run soak [-- --only NAME] [--minutes N] [--seed S]`: long runs of faults, kills and fuzz, about
 * ten minutes in all unless told. Prints a line for each thing that went wrong, with the seed that
 * brings it back (`--only NAME --seed S`), and exits 1 when there was any. It ends by itself.
 */

/** What a part is told. */
export interface SoakOptions {
  seed: number;
  /** No round is begun after it (`performance.now()`). */
  untilMs: number;
  /** Takes a line for something that went wrong. */
  report: (finding: string) => void;
}

/** A part: returns a sentence about what it did. `share` is of the time. */
const PARTS: Record<string, { share: number; run: (options: SoakOptions) => Promise<string> }> = {
  kills: { share: 0.15, run: soakKills },
  storms: { share: 0.15, run: soakStorms },
  import: { share: 0.15, run: soakImport },
  store: { share: 0.1, run: (options) => soakBrowserTests('store', options) },
  edits: { share: 0.1, run: (options) => soakBrowserTests('edits', options) },
  proxy: { share: 0.1, run: soakProxy },
  xss: { share: 0.1, run: soakXss },
  graphs: { share: 0.15, run: (options) => soakBrowserTests('graphs', options) }
};

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' }
  }
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const names = Object.keys(PARTS).filter((name) => !values.only || name === values.only);
if (names.length === 0 || !(minutes > 0) || !Number.isInteger(seed)) {
  console.error(`Usage: --only ${Object.keys(PARTS).join('|')} --minutes N --seed S`);
  process.exit(2);
}

let findings = 0;
for (const name of names) {
  const { share, run } = PARTS[name]!;
  const began = performance.now();
  const untilMs = began + minutes * 60_000 * (values.only ? 1 : share);
  const report = (finding: string) => {
    findings++;
    console.log(`FOUND ${name}: ${finding}`);
  };
  const told = await run({ seed, untilMs, report }).catch((error: unknown) => {
    report(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 'broke off';
  });
  console.log(`${name}: ${told} (${((performance.now() - began) / 1000).toFixed(0)} s)`);
}
console.log(findings === 0 ? 'Nothing found.' : `${findings} found.`);
process.exit(findings === 0 ? 0 : 1);

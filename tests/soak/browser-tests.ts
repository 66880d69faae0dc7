import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { SoakOptions } from './run.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Tests of `npm test` that try a few seeds, and many when VITE_SOAK_ROUNDS says so. */
const TESTS = {
  store: { file: 'tests/browser/store/model.test.ts', perMinute: 250 },
  edits: { file: 'tests/browser/store/edits.test.ts', perMinute: 60 },
  graphs: { file: 'tests/browser/index/damaged-graph.test.ts', perMinute: 4000 }
};

/** Runs one of the seeded browser tests with as many rounds as fit into the time. */
export async function soakBrowserTests(
  name: keyof typeof TESTS,
  { seed, untilMs, report }: SoakOptions
): Promise<string> {
  const { file, perMinute } = TESTS[name];
  const minutes = (untilMs - performance.now()) / 60_000;
  const rounds = Math.max(1, Math.round(perMinute * minutes));
  const args = ['run', '--project', 'browser', '--testTimeout', String(3_600_000), file];
  const vitest = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: ROOT,
    env: { ...process.env, VITE_SOAK_ROUNDS: String(rounds), VITE_SOAK_SEED: String(seed) }
  });
  let output = '';
  for (const stream of [vitest.stdout, vitest.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const code = await new Promise((done, fail) => vitest.on('error', fail).on('close', done));
  if (code !== 0) report(`${file} with seed ${seed} and ${rounds} rounds:\n${output.slice(-4000)}`);
  return `${rounds} rounds of ${file}`;
}

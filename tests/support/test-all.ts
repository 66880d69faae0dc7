import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/*
 * `npm test`: everything, in order, up to the first failure; the last line counts the tests. What runs no
 * tests takes one processor each, so two of it run side by side.
 */

const ROOT = resolve(import.meta.dirname, '../..');
const RESULTS = join(ROOT, 'test-results');

/** A command of the suite; `report` names the JSON file it leaves behind when it runs tests. */
interface Step {
  name: string;
  command: string;
  report?: string;
}

/** Steps one after another; those of one entry at the same time. */
const STEPS: (Step | [Step, Step])[] = [
  { name: 'browser for the tests', command: 'node tests/support/install-browser.ts' },
  [
    {
      name: 'types and build',
      command: 'npm run --silent check && vite build --logLevel warn'
    },
    { name: 'style', command: 'npm run --silent lint' }
  ],
  vitest('unit'),
  vitest('browser'),
  {
    name: 'e2e tests',
    command: 'playwright test --config tests/e2e/playwright.config.ts --reporter list,json',
    report: 'e2e.json'
  }
];

function vitest(project: string): Step {
  const report = `${project}.json`;
  const reporters = `--reporter=default --reporter=json --outputFile.json=test-results/${report}`;
  return {
    name: `${project} tests`,
    command: `vitest run --project ${project} ${reporters}`,
    report
  };
}

rmSync(RESULTS, { recursive: true, force: true });
const total = { passed: 0, failed: 0 };
for (const entry of STEPS) {
  const results = await Promise.all([entry].flat().map(take));
  if (results.includes(false)) {
    process.exitCode = 1;
    break;
  }
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);

/** Runs a step and counts its tests; whether it succeeded. */
async function take(step: Step): Promise<boolean> {
  const began = performance.now();
  console.log(`\n── ${step.name}`);
  const succeeded = await run(step);
  const { passed, failed } = step.report ? countTests(step.report) : { passed: 0, failed: 0 };
  total.passed += passed;
  total.failed += failed;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`── ${step.name}: ${succeeded ? 'done' : 'FAILED'} in ${seconds} s`);
  // A step that fails without a failed test counts as one.
  if (!succeeded && failed === 0) total.failed++;
  return succeeded;
}

/** Runs a step's command as npm would; whether it succeeded. */
function run({ command, report }: Step): Promise<boolean> {
  const PATH = `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env.PATH}`;
  const PLAYWRIGHT_JSON_OUTPUT_FILE = join(RESULTS, report ?? '');
  const child = spawn(command, {
    cwd: ROOT,
    shell: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH, PLAYWRIGHT_JSON_OUTPUT_FILE }
  });
  return new Promise((done) => child.on('close', (code) => done(code === 0)));
}

/** Reads what vitest or Playwright counted; nothing when the step ended before it could count. */
function countTests(report: string): { passed: number; failed: number } {
  try {
    const { numPassedTests, numFailedTests, stats } = JSON.parse(
      readFileSync(join(RESULTS, report), 'utf8')
    );
    return {
      passed: numPassedTests ?? stats.expected,
      failed: numFailedTests ?? stats.unexpected + stats.flaky
    };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

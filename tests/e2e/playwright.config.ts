import { defineConfig } from '@playwright/test';
import { browserLaunchOptions } from '../support/browser.ts';

/** `E2E_PORT` lets several working copies run at once. */
const PORT = Number(process.env['E2E_PORT'] ?? 4273);
const url = `http://127.0.0.1:${PORT}`;

/** A person's journeys through the built site, in a real Chromium. */
export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results/e2e',
  reporter: 'list',
  // One at a time: some journeys measure time, and all share the machine with their own workers.
  workers: 1,
  retries: 0,
  timeout: 60_000,
  // Patience costs nothing where a condition is waited for; the machine may be busy.
  expect: { timeout: 15_000 },
  use: {
    browserName: 'chromium',
    launchOptions: browserLaunchOptions(),
    baseURL: url,
    trace: 'off'
  },
  webServer: {
    command: 'node src/site/start.ts --built',
    cwd: '../..',
    env: { PORT: String(PORT) },
    url,
    timeout: 60_000
  }
});

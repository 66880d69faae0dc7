import { spawnSync } from 'node:child_process';
import { chromium } from '@playwright/test';
import { browserLaunchOptions, findBrowser } from './browser.ts';

/*
 * Makes sure that there is a Chromium for the tests and that it starts: the one that is there, else
 * Playwright's, else (as root on Debian and the like) the system's.
 */

const DOWNLOAD_LIMIT_MS = 180_000;
const HELP =
  'Install Chromium or Chrome so that it is on the PATH, or name it by CHROME_PATH=/path/to/chrome.';

/** What is recommended beside it are printers and desktops. */
const INSTALL = 'apt-get install -y --no-install-recommends';

const ATTEMPTS = [
  { command: 'npx playwright install chromium', possible: true },
  { command: 'apt-get update', possible: isRootWithApt() },
  { command: `${INSTALL} chromium-headless-shell`, possible: isRootWithApt() },
  { command: `${INSTALL} chromium`, possible: isRootWithApt() }
];

for (const { command, possible } of ATTEMPTS) {
  if (findBrowser()) break;
  if (!possible) continue;
  console.log(`No browser found; trying: ${command}`);
  spawnSync(command, {
    shell: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: DOWNLOAD_LIMIT_MS
  });
}

const browser = findBrowser();
if (!browser) {
  console.error(`There is no browser to test in, and none could be installed. ${HELP}`);
  process.exit(1);
}
try {
  const running = await chromium.launch(browserLaunchOptions());
  console.log(`Testing in Chromium ${running.version()} (${browser}).`);
  await running.close();
} catch (error) {
  console.error(`${browser} does not start. ${HELP}\n${String(error)}`);
  process.exit(1);
}

function isRootWithApt(): boolean {
  return (
    process.getuid?.() === 0 &&
    spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0
  );
}

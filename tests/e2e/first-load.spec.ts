import { expect, test } from './support.ts';

const LIMIT_BYTES = 120_000;
/** Only workers' scripts are built to this folder; they load later, beside the page. */
const WORKERS = '/_app/immutable/workers/';

test('the home page is usable after at most 120 kB of JavaScript', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('button', { name: 'Try a sample' })).toBeVisible();
  const scripts = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map((entry) => entry as PerformanceResourceTiming)
      .map(({ name, encodedBodySize }) => ({
        path: new URL(name).pathname,
        bytes: encodedBodySize
      }))
  );
  const ofPage = scripts.filter(({ path }) => path.endsWith('.js') && !path.startsWith(WORKERS));
  const bytes = ofPage.reduce((sum, script) => sum + script.bytes, 0);
  console.log(`${ofPage.length} scripts, ${(bytes / 1000).toFixed(1)} kB (gzip)`);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(LIMIT_BYTES);
});

import type { Page } from '@playwright/test';
import { busyTasks, expect, longTasks, test } from './support.ts';

/* The instruments of the other journeys have to notice what these rely on them to notice. */

test('busyTasks notices work, and not waiting', async ({ page }) => {
  await page.goto('/');
  let tasks = await busyTasks(page);
  for (let n = 0; n < 3; n++) await page.evaluate(workLong);
  expect((await tasks()).length).toBeGreaterThan(0);

  tasks = await busyTasks(page);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 120)));
  expect(await tasks()).toEqual([]);
});

test('a task that blocks the page for long is noticed, on each page that is loaded', async ({
  page
}) => {
  const tasks = await longTasks(page);
  for (const round of ['first', 'second']) {
    await page.goto(`/?${round}`);
    await page.evaluate(() => {
      setTimeout(() => {
        const end = performance.now() + 200;
        while (performance.now() < end);
      });
    });
    await expect
      .poll(async () => (await tasks()).filter((task) => task.durationMs >= 200).length)
      .toBe(1);
  }
});

test('what was stored survives that the browser is killed', async ({ persistent }) => {
  for (const expected of [1, 2]) {
    const context = await persistent.open();
    const page = context.pages()[0]!;
    await page.goto('/');
    expect(await addEntry(page)).toBe(expected);
    await persistent.kill();
    expect(page.isClosed()).toBe(true);
  }
});

/**
 * Some hundred milliseconds of a processor, however long they take on the clock: each step waits
 * for the one before, so that no compiler shortens it.
 */
function workLong(): number {
  let hash = 1;
  for (let step = 0; step < 3e8; step += 1) hash = Math.imul(hash ^ step, 16777619);
  return hash;
}

/** Stores one more entry in a database of its own, for sure; how many there are then. */
function addEntry(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('kill-test');
        opening.onupgradeneeded = () =>
          opening.result.createObjectStore('entries', { autoIncrement: true });
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const transaction = opening.result.transaction('entries', 'readwrite', {
            durability: 'strict'
          });
          const entries = transaction.objectStore('entries');
          entries.put('entry');
          const counting = entries.count();
          transaction.oncomplete = () => resolve(counting.result);
          transaction.onabort = () => reject(transaction.error);
        };
      })
  );
}

import { expect, test } from 'vitest';
import { CancelledError, IndexError } from '#lib/base/errors.ts';
import { IndexPage } from '#lib/state/index-page.svelte.ts';
import type { OpenCollection } from '#lib/state/open-collection.svelte.ts';

/** A collection whose measurement goes on until it is told how it ends, or cancelled. */
function makeOpen(model = 'text-embedding-3-small', dimensions = 1024) {
  const measuring = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<(share: number) => void>();
  let reads = 0;
  const open = {
    state: { collection: { space: { model, dimensions } } },
    indexFacts: () => Promise.resolve({ reads: ++reads }),
    measure: (onProgress: (share: number) => void, signal: AbortSignal) => {
      signal.addEventListener('abort', () => measuring.reject(new CancelledError()));
      begun.resolve(onProgress);
      return measuring.promise;
    },
    rebuild: () => Promise.reject(new IndexError('not-open', 'It is closed.'))
  };
  return {
    page: new IndexPage(open as unknown as OpenCollection),
    measuring,
    begun: begun.promise
  };
}

test('a measurement tells how far it is, and the facts are read again after it', async () => {
  const { page, measuring, begun } = makeOpen();
  const done = page.measure();
  expect(page.progress).toBe(0);
  (await begun)(0.4);
  expect(page.progress).toBe(0.4);
  measuring.resolve(undefined);
  await done;
  expect(page.progress).toBeNull();
  expect(page.facts).toEqual({ reads: 1 });
});

test.each(['cancel', 'close'] as const)('%s ends a measurement without an error', async (end) => {
  const { page, begun } = makeOpen();
  const done = page.measure();
  const onProgress = await begun;
  page[end]();
  onProgress(0.9);
  expect(page.progress).toBe(0);
  await done;
  expect(page.progress).toBeNull();
  expect(page.error).toBeNull();
});

test('what fails is told until the next thing is asked for', async () => {
  const { page, measuring } = makeOpen();
  await page.rebuild({ dimensions: 'automatic', M: 16, efConstruction: 40 });
  expect(page.error).toMatchObject({ code: 'not-open' });
  expect(page.rebuilding).toBe(false);
  measuring.resolve(undefined);
  await page.measure();
  expect(page.error).toBeNull();
});

test('a graph may be built on fewer dimensions only where the model allows it', () => {
  expect(makeOpen().page.dimensions).toEqual([1024, 512, 256]);
  expect(makeOpen('built-in', 384).page.dimensions).toEqual([384]);
});

import { expect, it } from 'vitest';
import { CellCache } from '#lib/state/cell-cache.ts';
import type { ItemCells } from '#lib/workers/table-api.ts';

const cell = (row: number) => ({ row, id: `${row}` }) as ItemCells;

it('what is on the screen stays there, however much was read before', async () => {
  let reads = 0;
  const cache = new CellCache((rows) => {
    reads += rows.length;
    return Promise.resolve(Array.from(rows, cell));
  });
  for (let from = 0; from < 3000; from += 20) {
    const window = Uint32Array.from({ length: 40 }, (_, n) => from + n);
    await cache.load(window);
    expect([...window].filter((row) => !cache.get(row))).toEqual([]);
  }
  // Each was read once: what is on two screens is not read for both.
  expect(reads).toBe(3020);
  expect(await cache.load(Uint32Array.of(2990))).toBe(false);
  cache.age();
  expect(cache.get(2990)).toBeDefined();
  expect(await cache.load(Uint32Array.of(2990))).toBe(true);
});

import { describe, expect, it } from 'vitest';
import { mapBounded } from '#lib/base/bounded.ts';

describe('bounded work', () => {
  it('is done for every item, on no more of them at once than allowed', async () => {
    const done: number[] = [];
    let working = 0;
    let most = 0;
    await mapBounded([5, 1, 4, 2, 3], 2, async (turns) => {
      most = Math.max(most, ++working);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      working--;
      done.push(turns);
    });
    expect(done.toSorted()).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it('is done for the other items when one fails, and over when it says so', async () => {
    const done: number[] = [];
    const failing = mapBounded([0, 1, 2, 3, 4, 5], 2, async (item) => {
      await Promise.resolve();
      if (item % 2 === 1) throw new RangeError(`item ${item}`);
      await Promise.resolve();
      done.push(item);
    });
    await expect(failing).rejects.toThrow('item 1');
    expect(done).toEqual([0, 2, 4]);
  });

  it('on nothing is nothing', async () => {
    await mapBounded([], 3, () => Promise.reject(new RangeError('never')));
  });
});

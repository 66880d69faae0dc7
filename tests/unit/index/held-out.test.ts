import { describe, expect, test } from 'vitest';
import { isHeldOut } from '#lib/index/held-out.ts';

/** The rows of `from` … `to - 1` that are held out. */
function heldOut(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n).filter(isHeldOut);
}

describe('held-out rows', () => {
  test('are none below row 2,048', () => {
    expect(heldOut(0, 2048)).toEqual([]);
  });

  test('are about one of 64 below row 65,536, in every stretch', () => {
    expect(heldOut(0, 65_536).length).toBeGreaterThan(900);
    expect(heldOut(0, 65_536).length).toBeLessThan(1100);
    for (let from = 4096; from < 65_536; from += 4096) {
      const { length } = heldOut(from, from + 4096);
      expect(length).toBeGreaterThan(30);
      expect(length).toBeLessThan(100);
    }
  });

  test('are about one of 1,024 from there on', () => {
    const { length } = heldOut(65_536, 65_536 + 2 ** 20);
    expect(length).toBeGreaterThan(900);
    expect(length).toBeLessThan(1150);
  });

  test('fall on each shard alike', () => {
    const rows = heldOut(0, 65_536);
    for (let shard = 0; shard < 4; shard++) {
      const own = rows.filter((row) => row % 4 === shard).length;
      expect(own).toBeGreaterThan(rows.length / 4 / 1.3);
      expect(own).toBeLessThan((rows.length / 4) * 1.3);
    }
  });

  test('are always the same', () => {
    expect(heldOut(2048, 2500)).toEqual([2205, 2250, 2325, 2413, 2437, 2476, 2483]);
  });
});

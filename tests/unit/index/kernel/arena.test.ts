import { describe, expect, test } from 'vitest';
import { IndexError } from '#lib/base/errors.ts';
import { Arena } from '#lib/index/kernel/arena.ts';

const memoryOf = (maximum: number) => new WebAssembly.Memory({ initial: 1, maximum });

describe('the arena', () => {
  test('gives out addresses that are multiples of 16 and never 0, and nothing twice', () => {
    const arena = new Arena(memoryOf(1));
    expect([1, 16, 17, 0, 5].map((bytes) => arena.allocate(bytes))).toEqual([64, 80, 96, 128, 128]);
    expect(arena.used).toBe(144);
  });

  test('grows the memory and keeps what is in it; views made afterwards reach it', () => {
    const arena = new Arena(memoryOf(10));
    const [words, floats] = [arena.allocate(8), arena.allocate(8)];
    arena.wordsAt(words, 2).set([7, 4_000_000_000]);
    arena.floatsAt(floats, 2).set([0.5, -1]);
    const address = arena.allocate(200_000);
    expect(arena.bytesAt(address, 200_000).every((byte) => byte === 0)).toBe(true);
    expect([...arena.wordsAt(words, 2)]).toEqual([7, 4_000_000_000]);
    expect([...arena.floatsAt(floats, 2)]).toEqual([0.5, -1]);
  });

  test('fills the memory to its last byte without growing it', () => {
    const memory = memoryOf(1);
    new Arena(memory).allocate(65_536 - 64);
    expect(memory.buffer.byteLength).toBe(65_536);
  });

  test.each([
    ['the memory may not grow so far', 2, 131_072],
    ['addresses do not reach so far', 65_536, 2 ** 32 - 127]
  ])('refuses with advice when %s, and stays usable', (_why, maximum, bytes) => {
    const arena = new Arena(memoryOf(maximum));
    const refusal = expect.objectContaining({
      code: 'out-of-memory',
      next: expect.stringContaining('fewer dimensions')
    });
    expect(() => arena.allocate(bytes)).toThrow(IndexError);
    expect(() => arena.allocate(bytes)).toThrow(refusal);
    expect(arena.allocate(100)).toBe(64);
  });
});

/**
 * Calls `work` for each item, at most `atOnce` at a time. A failure keeps no other item from its
 * turn: once all are through, it rejects with the first failure.
 */
export async function mapBounded<Item>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<void>
): Promise<void> {
  // One iterator for all: each takes the next item when it is done with its last.
  const queue = items[Symbol.iterator]();
  const failures: Promise<void>[] = [];
  const workOn = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const working = work(next.value);
      await working.catch(() => failures.push(working));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, workOn));
  await failures[0];
}

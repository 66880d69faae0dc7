/** Calls `work` for each item, at most `atOnce` at a time; rejects with the first failure. */
export async function mapBounded<Item>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<void>
): Promise<void> {
  // One iterator for all: each takes the next item when it is done with its last.
  const queue = items[Symbol.iterator]();
  const workOn = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: atOnce }, workOn));
}

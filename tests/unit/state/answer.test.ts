import { expect, test } from 'vitest';
import type { Row } from '#lib/base/ids.ts';
import { FINGERPRINT_CELLS } from '#lib/base/vector.ts';
import type { DrawnNeighbours } from '#lib/workers/drawn-neighbours.ts';
import { answerTo, type Answer, type Inquiry, type Sources } from '#lib/state/answer.ts';

const VECTOR = Float32Array.of(1, 0);

function found(rows: Row[], provisional: boolean): DrawnNeighbours {
  return {
    rows: Uint32Array.from(rows),
    similarities: Float32Array.from(rows, (_, n) => 1 - n / 10),
    fingerprints: new Int8Array(rows.length * FINGERPRINT_CELLS),
    repeats: new Int32Array(rows.length).fill(-1),
    provisional,
    plan: {
      method: 'exact',
      precision: 'int8',
      reason: '',
      expected: [],
      compared: 9,
      rows: 9,
      steps: []
    }
  };
}

const item = (row: Row) => ({ row, id: `id ${row}`, fields: {}, text: `text ${row}` });

/** Sources whose search waits until it is told what to answer. */
function makeSources() {
  const read: Row[][] = [];
  const asked = Promise.withResolvers<(first: DrawnNeighbours) => void>();
  const final = Promise.withResolvers<DrawnNeighbours>();
  let sentAt = NaN;
  const sources: Sources = {
    search: (query, onFirst) => {
      sentAt = query.sentAt!;
      asked.resolve(onFirst!);
      return final.promise;
    },
    describe: (_, rows) => {
      const { similarities, fingerprints, repeats } = found([...rows], false);
      return Promise.resolve({ similarities, fingerprints, repeats });
    },
    items: (rows) => {
      read.push([...rows]);
      return Promise.resolve([...rows].map(item));
    }
  };
  return { sources, read, asked: asked.promise, answer: final.resolve, sentAt: () => sentAt };
}

function inquiry(onFirst: (first: Answer) => void, signal = new AbortController().signal): Inquiry {
  const askedAt = performance.now();
  const asked = { question: 'why', vector: VECTOR, embedMs: 3, cached: false, askedAt };
  const how = { method: 'automatic', k: 2, keywords: 0, titleField: null } as const;
  return { ...asked, ...how, signal, onFirst };
}

test('a first answer is shown before the final one, which takes its place', async () => {
  const { sources, read, asked, answer } = makeSources();
  const first = Promise.withResolvers<Answer>();
  const answering = answerTo(inquiry(first.resolve), sources);
  (await asked)(found([4, 5], true));
  const shown = await first.promise;
  expect(shown).toMatchObject({ question: 'why', provisional: true });
  expect(shown.results.map(({ row, title }) => [row, title])).toEqual([
    [4, 'text 4'],
    [5, 'text 5']
  ]);
  answer(found([5, 6], false));
  const last = await answering;
  expect(last).toMatchObject({ provisional: false, firstMs: shown.firstMs });
  expect(last.totalMs).toBeGreaterThanOrEqual(last.firstMs);
  expect(last.results.map(({ row }) => row)).toEqual([5, 6]);
  // What both answers show is read once.
  expect(read).toEqual([[4, 5], [6]]);
});

test('without a first answer, the final one is the first', async () => {
  const { sources, answer, sentAt } = makeSources();
  const before = performance.timeOrigin + performance.now();
  const answering = answerTo(
    inquiry(() => expect.unreachable()),
    sources
  );
  answer(found([1], false));
  const { firstMs, totalMs, plan } = await answering;
  expect(firstMs).toBe(totalMs);
  expect(plan.steps.map(({ name }) => name)).toEqual(['items']);
  expect(sentAt()).toBeGreaterThanOrEqual(before);
  expect(sentAt()).toBeLessThanOrEqual(performance.timeOrigin + performance.now());
});

test('a first answer to a question that was overtaken is not shown', async () => {
  const { sources, asked, answer } = makeSources();
  const overtaken = new AbortController();
  const shown: Answer[] = [];
  const answering = answerTo(
    inquiry((first) => shown.push(first), overtaken.signal),
    sources
  );
  const tell = await asked;
  overtaken.abort();
  tell(found([4], true));
  answer(found([4], false));
  await answering;
  expect(shown).toEqual([]);
});

test('a first answer whose search has failed meanwhile is not shown', async () => {
  const { sources, asked } = makeSources();
  const reading = Promise.withResolvers<undefined>();
  const failing = Promise.withResolvers<never>();
  const shown: Answer[] = [];
  const { search, items } = sources;
  const answering = answerTo(
    inquiry((first) => shown.push(first)),
    {
      ...sources,
      search: (...args) => Promise.race([search(...args), failing.promise]),
      items: async (rows) => {
        await reading.promise;
        return items(rows);
      }
    }
  );
  const tell = await asked;
  tell(found([4], true));
  failing.reject(new Error('The disk is gone.'));
  await expect(answering).rejects.toThrow('The disk is gone.');
  reading.resolve(undefined);
  await new Promise((resolve) => setTimeout(resolve));
  expect(shown).toEqual([]);
});

test('a question overtaken while it is embedded asks nothing of the engine', async () => {
  const { sources } = makeSources();
  const overtaken = new AbortController();
  const search = () => expect.unreachable();
  overtaken.abort();
  await expect(
    answerTo(
      inquiry(() => {}, overtaken.signal),
      { ...sources, search }
    )
  ).rejects.toMatchObject({ code: 'cancelled' });
});

test('an item that asks is not its own answer', async () => {
  const { sources, answer } = makeSources();
  const answering = answerTo({ ...inquiry(() => {}), row: 5 }, sources);
  answer(found([5, 1, 4], false));
  expect((await answering).results.map(({ row }) => row)).toEqual([1, 4]);
});

test('words count as much as they are weighed, and the places of both rankings are told', async () => {
  const answerWith = async (keywords: number) => {
    const { sources, answer } = makeSources();
    const byWords = Promise.resolve({ rows: Uint32Array.of(8, 4, 9), words: ['why'] });
    const answering = answerTo({ ...inquiry(() => {}), keywords, byWords, k: 3 }, sources);
    answer(found([4, 6, 7], false));
    return answering;
  };
  const both = await answerWith(0.5);
  expect(both.results.map(({ row }) => row)).toEqual([4, 8, 6]);
  expect(both.results[0]!.ranks).toEqual({ meaning: 1, words: 2 });
  expect(both.results[1]!.ranks).toEqual({ meaning: null, words: 1 });
  expect(both.words).toEqual(['why']);
  expect((await answerWith(1)).results.map(({ row }) => row)).toEqual([8, 4, 9]);
});

import { describe, expect, it } from 'vitest';
import type { ProviderError } from '#lib/base/errors.ts';
import { seeded } from './fake-clock.ts';
import { Bench, failure, LATENCY, texts, unitsOf, vectorOf } from './run-bench.ts';

describe('throughput', () => {
  it.each([
    { concurrency: 1, maxInputs: 16 },
    { concurrency: 4, maxInputs: 128 },
    { concurrency: 8, maxInputs: 32 }
  ])(
    'stays above nine tenths of what $concurrency in flight allow',
    async ({ concurrency, maxInputs }) => {
      const rows = 40 * concurrency * maxInputs;
      const bench: Bench = new Bench({
        units: unitsOf(texts(rows)),
        limits: { concurrency, maxInputs, maxRequestTokens: 1e9 },
        // A store that takes nearly as long as a request's share of the latency.
        commit: () => bench.clock.sleep((0.9 * LATENCY) / concurrency)
      });
      expect(await bench.finish()).toMatchObject({ state: 'done', rowsDone: rows });
      const rowsPerSecond = (rows * 1000) / bench.elapsed;
      expect(rowsPerSecond).toBeGreaterThanOrEqual(
        (0.9 * concurrency * maxInputs * 1000) / LATENCY
      );
    }
  );
});

const PASSING = ['server', 'unreachable', 'timeout', 'malformed'];

/** A run through a storm of faults, all told by one seed. */
function storm(seed: number) {
  const random = seeded(seed);
  const pick = (most: number) => Math.floor(random() * most);
  const faults = random() * 0.6;
  const isBad = (text: string) => text.endsWith('!');
  const fault = ({ inputs }: { inputs: string[] }): ProviderError | undefined => {
    if (inputs.some(isBad)) return failure('input');
    if (random() >= faults) return undefined;
    const retryAfterMs = [undefined, 0, 1, 700, 61_000][pick(5)];
    if (pick(3) === 0) return failure('rate-limit', { retryAfterMs });
    return failure(PASSING[pick(PASSING.length)]!);
  };
  const units = unitsOf(
    Array.from({ length: 20 + pick(150) }, (_, n) => {
      const length = pick(10) === 0 ? 40 + pick(120) : 1 + pick(30);
      return `${n} ${'word '.repeat(32).slice(0, length)}${pick(25) === 0 ? '!' : ''}`;
    })
  );
  const bench: Bench = new Bench({
    units,
    limits: {
      concurrency: 1 + pick(4),
      maxInputs: 1 + pick(12),
      maxInputTokens: 40,
      maxRequestTokens: 60 + pick(400)
    },
    maxConcurrency: 6,
    latency: () => 1 + pick(500),
    commit: async (batch) => {
      await bench.clock.sleep(pick(300));
      bench.batches.push(batch);
    },
    fault,
    random
  });
  return { bench, units, isBad, pick };
}

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

describe('in a storm of faults', () => {
  it('every text is committed or failed exactly once, with its own vector, over 200 seeds', async () => {
    const states = new Map<string, number>();
    for (const seed of SEEDS) {
      const { bench, units, isBad } = storm(seed);
      const outcome = await bench.finish();
      states.set(outcome.state, (states.get(outcome.state) ?? 0) + 1);
      const settled = [...bench.committedRows, ...bench.failedRows];
      expect(new Set(settled).size, `seed ${seed}: no row twice`).toBe(settled.length);
      expect(bench.committedRows.length).toBe(outcome.rowsDone);
      expect(bench.failedRows.length).toBe(outcome.rowsFailed);
      if (outcome.state === 'done')
        expect(settled.length, `seed ${seed}: every row`).toBe(units.length);
      else expect(PASSING).toContain(outcome.error?.code);
      for (const { units: committed, vectors } of bench.batches) {
        committed.forEach(({ text, tokens }, n) => {
          expect(isBad(text)).toBe(false);
          if (tokens > 40) return;
          expect(vectors.subarray(4 * n, 4 * n + 4)).toEqual(vectorOf(text));
        });
      }
      expect(bench.tokens).toBe(bench.progress.at(-1)!.tokens);
      expect(bench.pacer.state.inFlight).toBe(0);
    }
    // Most storms are weathered: the test is about those.
    expect(states.get('done')).toBeGreaterThan(150);
  }, 60_000);

  it('pausing, resuming and cancelling at any time settles no text twice, over 200 seeds', async () => {
    for (const seed of SEEDS) {
      const { bench, units, pick } = storm(seed);
      for (let n = pick(6); n > 0; n--) {
        await bench.clock.advance(pick(1500));
        bench.handle.pause();
        await bench.clock.advance(pick(1500));
        const sent = bench.requests.length;
        await bench.clock.advance(pick(5000));
        expect(bench.requests.length, `seed ${seed}: nothing sent in a pause`).toBe(sent);
        bench.handle.resume();
      }
      await bench.clock.advance(pick(3000));
      const sent = bench.requests.length;
      bench.handle.cancel();
      const outcome = await bench.finish();
      expect(bench.requests.length, `seed ${seed}: nothing sent after cancel`).toBe(sent);
      const settled = [...bench.committedRows, ...bench.failedRows];
      expect(new Set(settled).size, `seed ${seed}: no row twice`).toBe(settled.length);
      expect(outcome.rowsDone + outcome.rowsFailed).toBe(settled.length);
      if (outcome.state === 'done') expect(settled.length).toBe(units.length);
    }
  }, 60_000);
});

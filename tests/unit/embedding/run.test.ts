import { describe, expect, it } from 'vitest';
import { StoreError } from '#lib/base/errors.ts';
import { MAX_TRIES } from '#lib/embedding/attempts.ts';
import { Bench, failure, LATENCY, texts, unitsOf, vectorOf } from './run-bench.ts';

describe('a run', () => {
  it('commits every text with its own vector, in requests within the limits', async () => {
    const bench = new Bench({ units: unitsOf(texts(5)) });
    expect(await bench.finish()).toEqual({ state: 'done', rowsDone: 5, rowsFailed: 0 });
    expect(bench.requests.map(({ inputs }) => inputs.length)).toEqual([2, 2, 1]);
    expect(bench.committedRows).toEqual([0, 1, 2, 3, 4]);
    for (const { units, vectors } of bench.batches) {
      expect([...vectors]).toEqual(units.flatMap(({ text }) => [...vectorOf(text)]));
    }
  });

  it('ends at once when there is nothing to do', async () => {
    const bench = new Bench({ units: [] });
    expect(await bench.finish()).toEqual({ state: 'done', rowsDone: 0, rowsFailed: 0 });
    expect(bench.batches).toEqual([]);
  });

  it('counts all rows of a text that several share', async () => {
    const bench = new Bench({ units: [{ hash: 'h', text: 'same', tokens: 1, rows: [4, 7, 9] }] });
    expect(await bench.finish()).toMatchObject({ rowsDone: 3 });
  });

  it('asks for the dimensions it was given, or for none', async () => {
    const asked: unknown[] = [];
    const fault = (request: object) => void asked.push(request);
    await new Bench({ units: unitsOf(['a']), dimensions: 4, fault }).finish();
    await new Bench({ units: unitsOf(['a']), fault }).finish();
    expect(asked).toEqual([
      { inputs: ['a'], model: 'm', dimensions: 4 },
      { inputs: ['a'], model: 'm' }
    ]);
  });

  it('takes texts no sooner than it can send them', async () => {
    const bench = new Bench({ units: unitsOf(texts(100)) });
    await bench.clock.advance(0);
    expect(bench.unitsTaken).toBeLessThan(14);
    await bench.finish();
  });
});

describe('money', () => {
  it('is what the endpoint counted', async () => {
    const bench = new Bench({ units: unitsOf(texts(4)), usage: (inputs) => inputs.length * 1000 });
    await bench.finish();
    expect(
      bench.batches.map(({ tokens, costUsd, requests }) => [tokens, costUsd, requests])
    ).toEqual([
      [2000, 0.04, 1],
      [2000, 0.04, 1]
    ]);
    expect(bench.progress.at(-1)).toMatchObject({ tokens: 4000, costUsd: 0.08 });
  });

  it('is what was counted here when the endpoint does not say', async () => {
    const bench = new Bench({ units: unitsOf(['abc', 'de']) });
    await bench.finish();
    expect(bench.tokens).toBe(5);
  });

  it('counts no tokens of a free model that reports none', async () => {
    const bench = new Bench({ units: unitsOf(['abc']), usdPerMillionTokens: 0 });
    await bench.finish();
    expect(bench.batches).toMatchObject([{ tokens: 0, costUsd: 0, requests: 1 }]);
  });

  it('counts an answer that could not be used', async () => {
    const fault = (_: unknown, n: number) => (n === 0 ? failure('malformed') : undefined);
    const bench = new Bench({ units: unitsOf(['abc']), fault });
    await bench.finish();
    expect(bench.batches).toMatchObject([{ tokens: 6, requests: 2 }]);
  });

  it('is kept even when nothing came of it', async () => {
    const bench = new Bench({ units: unitsOf(['abc']), fault: () => failure('malformed') });
    expect(await bench.finish()).toMatchObject({ state: 'stopped', rowsDone: 0, rowsFailed: 0 });
    expect(bench.batches).toMatchObject([
      { units: [], tokens: 3 * MAX_TRIES, requests: MAX_TRIES }
    ]);
  });
});

describe('the store', () => {
  it('does not hold up the next request', async () => {
    const bench: Bench = new Bench({
      units: unitsOf(texts(12)),
      limits: { concurrency: 1 },
      commit: () => bench.clock.sleep(200)
    });
    await bench.finish();
    expect(bench.requests.map(({ at }) => at)).toEqual([0, 250, 500, 750, 1000, 1250]);
  });

  it('keeps one batch after another, in the order of the answers', async () => {
    const log: string[] = [];
    const bench: Bench = new Bench({
      units: unitsOf(texts(8)),
      limits: { concurrency: 4 },
      commit: async ({ units }) => {
        log.push(`begin ${units[0]!.rows[0]}`);
        await bench.clock.sleep(10);
        log.push(`end ${units[0]!.rows[0]}`);
      }
    });
    await bench.finish();
    expect(log).toEqual([0, 2, 4, 6].flatMap((row) => [`begin ${row}`, `end ${row}`]));
  });

  it('makes requests wait when it is slow', async () => {
    let committed = 0;
    let most = 0;
    const bench: Bench = new Bench({
      units: unitsOf(texts(100)),
      commit: async () => {
        await bench.clock.sleep(10_000);
        committed++;
      },
      fault: () => void (most = Math.max(most, bench.requests.length - committed))
    });
    await bench.finish();
    // 4 in the backlog, 2 in flight, 2 ready to be sent.
    expect(most).toBeLessThanOrEqual(8);
    expect(committed).toBe(50);
  });

  it('stops the run with its error when it fails, and commits nothing after that', async () => {
    let commits = 0;
    const bench = new Bench({
      units: unitsOf(texts(40)),
      commit: async () => {
        if (++commits === 3) throw new StoreError('quota-exceeded', 'Full.', 'Delete something.');
      }
    });
    const outcome = await bench.finish();
    expect(outcome).toMatchObject({
      state: 'stopped',
      rowsDone: 4,
      rowsFailed: 0,
      error: { name: 'StoreError', code: 'quota-exceeded', next: 'Delete something.' }
    });
    expect(commits).toBe(3);
    expect(bench.requests.length).toBeLessThan(8);
    expect(bench.inFlight).toBe(0);
  });

  it('stops the run when it can not list failures', async () => {
    const bench = new Bench({
      units: unitsOf(['a']),
      fault: () => failure('input'),
      fail: () => Promise.reject(new Error('Disk gone.'))
    });
    const error = { code: 'unexpected', message: 'Disk gone.' };
    expect(await bench.finish()).toMatchObject({ state: 'stopped', rowsFailed: 0, error });
  });
});

describe('errors that pass', () => {
  it.each(['server', 'unreachable', 'timeout', 'malformed'])(
    'tries again after %s',
    async (code) => {
      const fault = (_: unknown, n: number) => (n < MAX_TRIES - 1 ? failure(code) : undefined);
      const bench = new Bench({ units: unitsOf(['a']), fault });
      expect(await bench.finish()).toMatchObject({ state: 'done', rowsDone: 1 });
      const waits = bench.requests
        .slice(1)
        .map(({ at }, n) => at - bench.requests[n]!.at - LATENCY);
      expect(waits).toEqual([500, 1000, 2000, 4000, 8000]);
    }
  );

  it('waits for as long as an overloaded server says', async () => {
    const fault = (_: unknown, n: number) =>
      n === 0 ? failure('server', { retryAfterMs: 70_000 }) : undefined;
    const bench = new Bench({ units: unitsOf(['a']), fault });
    await bench.finish();
    expect(bench.requests[1]!.at).toBe(LATENCY + 70_000);
  });

  it('gives rows up after six tries, with the reason, and goes on with the rest', async () => {
    const fault = ({ inputs }: { inputs: string[] }) =>
      inputs[0] === 'bad' ? failure('server') : undefined;
    const units = unitsOf(['a', 'b', 'bad', 'c', ...texts(60)]);
    const bench = new Bench({ units, fault });
    expect(await bench.finish()).toEqual({ state: 'done', rowsDone: 62, rowsFailed: 2 });
    expect(bench.failedRows).toEqual([2, 3]);
    expect(bench.failures[0]!.error.code).toBe('server');
    expect(bench.requests.filter(({ inputs }) => inputs[0] === 'bad')).toHaveLength(MAX_TRIES);
  });

  it.each(['server', 'unreachable', 'timeout', 'malformed'])(
    'stops when three requests in a row end with %s',
    async (code) => {
      const fault = (_: unknown, n: number) => (n > 3 ? failure(code) : undefined);
      const bench = new Bench({ units: unitsOf(texts(60)), fault });
      const outcome = await bench.finish();
      expect(outcome).toMatchObject({
        state: 'stopped',
        rowsDone: 8,
        rowsFailed: 0,
        error: { code }
      });
      expect(bench.failures).toEqual([]);
      // At most two more were begun in the place of the first two of the three.
      expect(bench.requests.length).toBeLessThanOrEqual(4 + 6 * MAX_TRIES);
    }
  );

  it.each(['server', 'unreachable', 'timeout', 'malformed'])(
    'stops when nothing but %s ever came, however little there was to ask',
    async (code) => {
      const bench = new Bench({ units: unitsOf(['a', 'b']), fault: () => failure(code) });
      const error = { code };
      expect(await bench.finish()).toMatchObject({ state: 'stopped', rowsFailed: 0, error });
      expect(bench.requests).toHaveLength(MAX_TRIES);
    }
  );

  it('leaves what was given up pending when an answer comes after the stop', async () => {
    // Three requests are given up; a fourth, slow one is answered when the run has stopped.
    const slow = 'text 6';
    let latest = '';
    const fault = ({ inputs }: { inputs: string[] }) => {
      latest = inputs[0]!;
      return latest === slow ? undefined : failure('malformed');
    };
    const bench = new Bench({
      units: unitsOf(Array.from({ length: 8 }, (_, n) => `text ${n}`)),
      fault,
      limits: { concurrency: 4 },
      latency: () => (latest === slow ? 600_000 : LATENCY)
    });
    expect(await bench.finish()).toMatchObject({ state: 'stopped', rowsDone: 2, rowsFailed: 0 });
    expect(bench.committedRows).toEqual([6, 7]);
  });
});

describe('errors that do not pass', () => {
  it.each(['quota', 'key', 'forbidden', 'model', 'dimensions'])(
    'stops at once after %s',
    async (code) => {
      const fault = (_: unknown, n: number) => (n === 2 ? failure(code) : undefined);
      const bench = new Bench({ units: unitsOf(texts(40)), fault });
      const outcome = await bench.finish();
      expect(outcome).toMatchObject({
        state: 'stopped',
        rowsFailed: 0,
        error: { name: 'ProviderError', code, next: 'Do something.' }
      });
      // What was in flight beside it is bought, and so it is kept.
      expect(bench.requests).toHaveLength(4);
      expect(bench.committedRows).toEqual([0, 1, 2, 3, 6, 7]);
      expect(bench.elapsed).toBe(2 * LATENCY);
    }
  );

  it('stops when the endpoint answers in another space', async () => {
    const fault = (_: unknown, n: number) => (n === 1 ? { dimensions: 3 } : undefined);
    const bench = new Bench({ units: unitsOf(texts(8)), fault, limits: { concurrency: 1 } });
    expect(await bench.finish()).toMatchObject({
      state: 'stopped',
      rowsDone: 2,
      error: { code: 'dimensions' }
    });
    expect(bench.batches.reduce((sum, { requests }) => sum + requests, 0)).toBe(2);
  });

  it('takes the dimensions of the first answer when none are expected', async () => {
    const fault = (_: unknown, n: number) => ({ dimensions: n === 0 ? 3 : 2 });
    const bench = new Bench({
      units: unitsOf(texts(4)),
      fault,
      limits: { concurrency: 1 },
      expectedDimensions: 0
    });
    expect(await bench.finish()).toMatchObject({
      state: 'stopped',
      rowsDone: 2,
      error: { code: 'dimensions' }
    });
  });

  it('stops on an error of the program itself', async () => {
    const bench = new Bench({ units: unitsOf(['a']), fault: () => new TypeError('Oops.') });
    expect(await bench.finish()).toMatchObject({
      state: 'stopped',
      error: { code: 'unexpected', message: 'Oops.' }
    });
  });

  it('stops when the tokeniser can not be loaded', async () => {
    const units = unitsOf(['a', 'b', 'x'.repeat(101)]);
    const bench = new Bench({ units, loadTokenizer: () => Promise.reject(new Error('Offline.')) });
    expect(await bench.finish()).toMatchObject({
      state: 'stopped',
      error: { message: 'Offline.' }
    });
  });
});

describe('a refused input', () => {
  it('is found by halving and fails alone', async () => {
    const bad = ['text 13', 'text 40'];
    const names = Array.from({ length: 64 }, (_, n) => `text ${n}`);
    const fault = ({ inputs }: { inputs: string[] }) =>
      inputs.some((text) => bad.includes(text)) ? failure('input') : undefined;
    const bench = new Bench({ units: unitsOf(names), fault, limits: { maxInputs: 64 } });
    expect(await bench.finish()).toEqual({ state: 'done', rowsDone: 62, rowsFailed: 2 });
    expect(bench.failures.map(({ units }) => units.map(({ text }) => text))).toEqual([
      ['text 13'],
      ['text 40']
    ]);
    expect(bench.requests.length).toBeLessThanOrEqual(1 + 2 * 2 * 6);
  });

  it('does not cost thousands of requests when all are refused', async () => {
    const bench = new Bench({
      units: unitsOf(texts(2048)),
      fault: () => failure('input'),
      limits: { maxInputs: 2048, maxRequestTokens: 1e9 }
    });
    expect(await bench.finish()).toEqual({ state: 'done', rowsDone: 0, rowsFailed: 2048 });
    expect(bench.requests.length).toBeLessThan(150);
    expect(bench.failedRows.toSorted((a, b) => a - b)).toEqual([...texts(2048).keys()]);
  });
});

describe.each(['malformed', 'timeout'])('an input that always ends in %s', (code) => {
  const names = Array.from({ length: 192 }, (_, n) => `text ${n}`);

  // First, in the middle and last of all requests; the last has no other request after it.
  it.each([0, 100, 191])('fails alone when others are answered: row %i', async (bad) => {
    const fault = ({ inputs }: { inputs: string[] }) =>
      inputs.includes(names[bad]!) ? failure(code) : undefined;
    const bench = new Bench({ units: unitsOf(names), fault, limits: { maxInputs: 64 } });
    expect(await bench.finish()).toEqual({ state: 'done', rowsDone: 191, rowsFailed: 1 });
    expect(bench.failedRows).toEqual([bad]);
    expect(bench.failures[0]!.error.code).toBe(code);
    // Two more, the request itself, and at each of six halvings a good part and twice the bad one.
    expect(bench.requests).toHaveLength(2 + MAX_TRIES + 6 * 3);
  });

  it('stops the run soon when the rest of the texts does so as well', async () => {
    const fault = (_: unknown, n: number) => (n > 0 ? failure(code) : undefined);
    const bench = new Bench({
      units: unitsOf(names.slice(0, 128)),
      fault,
      limits: { maxInputs: 64 }
    });
    expect(await bench.finish()).toMatchObject({
      state: 'stopped',
      rowsDone: 64,
      rowsFailed: 0,
      error: { code }
    });
    // The second request, its halves, and a quarter of each.
    expect(bench.requests.length).toBeLessThanOrEqual(1 + MAX_TRIES + 2 * (2 + 4));
  });
});

describe('long texts', () => {
  const long = 'abcdefghij'.repeat(25);
  const parts = [long.slice(0, 100), long.slice(100, 200), long.slice(200)];

  it('are embedded in parts, joined by length, and count once', async () => {
    const units = unitsOf(['a', long, 'b']);
    const bench = new Bench({ units, limits: { maxInputs: 2 }, usage: () => 10 });
    expect(await bench.finish()).toEqual({ state: 'done', rowsDone: 3, rowsFailed: 0 });
    expect(bench.requests.map(({ inputs }) => inputs)).toEqual([
      ['a', parts[0]],
      [parts[1], parts[2]],
      ['b']
    ]);

    const mean = [0, 0, 0, 0].map((_, d) =>
      parts.reduce((sum, part) => sum + vectorOf(part)[d]! * part.length, 0)
    );
    const length = Math.hypot(...mean);
    const batch = bench.batches.find((candidate) =>
      candidate.units.some(({ text }) => text === long)
    )!;
    mean.forEach((value, d) => expect(batch.vectors[d]).toBeCloseTo(value / length, 6));
  });

  it('are paid for request by request', async () => {
    const bench = new Bench({
      units: unitsOf([long]),
      limits: { maxInputs: 1, concurrency: 1 },
      usage: () => 10
    });
    await bench.finish();
    expect(bench.batches).toMatchObject([{ tokens: 30, requests: 3 }]);
  });

  it('fail whole, once, when a part is refused', async () => {
    const fault = ({ inputs }: { inputs: string[] }) =>
      inputs.includes(parts[1]!) ? failure('input') : undefined;
    const units = unitsOf([long, 'a', 'b', 'c']);
    const bench = new Bench({ units, fault, limits: { maxInputs: 1, concurrency: 3 } });
    expect(await bench.finish()).toEqual({ state: 'done', rowsDone: 3, rowsFailed: 1 });
    expect(bench.failedRows).toEqual([0]);
    expect(bench.committedRows.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  it('stay pending, but paid for, when the run is cancelled between their parts', async () => {
    const bench = new Bench({
      units: unitsOf([long]),
      limits: { maxInputs: 1, concurrency: 1 },
      usage: () => 10
    });
    await bench.clock.advance(LATENCY + 10);
    bench.handle.cancel();
    expect(await bench.finish()).toEqual({ state: 'cancelled', rowsDone: 0, rowsFailed: 0 });
    expect(bench.batches).toMatchObject([{ units: [], tokens: 10, requests: 1 }]);
  });
});

describe('pause', () => {
  it('keeps what is in flight and sends nothing until resume', async () => {
    const bench = new Bench({ units: unitsOf(texts(20)) });
    await bench.clock.advance(100);
    bench.handle.pause();
    await bench.clock.advance(60_000);
    expect(bench.requests).toHaveLength(2);
    expect(bench.committedRows).toEqual([0, 1, 2, 3]);
    expect(bench.progress.at(-1)).toMatchObject({
      state: 'paused',
      rowsDone: 4,
      inFlight: 0,
      secondsLeft: null
    });
    bench.handle.resume();
    expect(await bench.finish()).toMatchObject({ state: 'done', rowsDone: 20 });
    expect(bench.requests[2]!.at).toBe(60_100);
  });

  it('holds a request that was to be tried again', async () => {
    const fault = (_: unknown, n: number) => (n === 0 ? failure('server') : undefined);
    const bench = new Bench({ units: unitsOf(['a']), fault });
    await bench.clock.advance(LATENCY);
    bench.handle.pause();
    await bench.clock.advance(60_000);
    expect(bench.requests).toHaveLength(1);
    bench.handle.resume();
    expect(await bench.finish()).toMatchObject({ state: 'done', rowsDone: 1 });
  });

  it('holds a request that waited for a rate limit', async () => {
    const fault = (_: unknown, n: number) =>
      n === 0 ? failure('rate-limit', { retryAfterMs: 1000 }) : undefined;
    const bench = new Bench({ units: unitsOf(['a']), fault });
    await bench.clock.advance(LATENCY);
    bench.handle.pause();
    await bench.clock.advance(60_000);
    expect(bench.requests).toHaveLength(1);
    bench.handle.resume();
    expect(await bench.finish()).toMatchObject({ rowsDone: 1 });
  });

  it('does not hold up queries', async () => {
    const bench = new Bench({ units: unitsOf(texts(20)) });
    bench.handle.pause();
    const query = bench.pacer.schedule(async () => 'answer', { priority: true });
    expect(await bench.clock.runUntil(query)).toBe('answer');
    bench.handle.cancel();
    await bench.finish();
  });

  it('does not matter when it comes twice, or after the end', async () => {
    const bench = new Bench({ units: unitsOf(texts(4)) });
    bench.handle.resume();
    bench.handle.pause();
    bench.handle.pause();
    bench.handle.resume();
    expect(await bench.finish()).toMatchObject({ state: 'done', rowsDone: 4 });
    const reports = bench.progress.length;
    bench.handle.pause();
    bench.handle.resume();
    bench.handle.cancel();
    await bench.clock.advance(1000);
    expect(bench.progress).toHaveLength(reports);
  });
});

describe('cancel', () => {
  it('aborts what is in flight and keeps what was answered', async () => {
    const bench: Bench = new Bench({
      units: unitsOf(texts(20)),
      commit: async (batch) => {
        await bench.clock.sleep(500);
        bench.batches.push(batch);
      }
    });
    await bench.clock.advance(LATENCY + 50);
    bench.handle.cancel();
    expect(await bench.finish()).toEqual({ state: 'cancelled', rowsDone: 4, rowsFailed: 0 });
    expect(bench.committedRows).toEqual([0, 1, 2, 3]);
    expect(bench.aborted).toBe(2);
    expect(bench.requests).toHaveLength(4);
    expect(bench.progress.at(-1)!.state).toBe('stopping');
  });

  it('ends a run that waits for an hour', async () => {
    const fault = () => failure('rate-limit', { retryAfterMs: 3_600_000 });
    const bench = new Bench({ units: unitsOf(texts(20)), fault });
    await bench.clock.advance(LATENCY + 10);
    bench.handle.cancel();
    await bench.clock.advance(0);
    expect(await bench.handle.done).toMatchObject({ state: 'cancelled' });
  });

  it('ends a run that waits to try again', async () => {
    const bench = new Bench({ units: unitsOf(['a']), fault: () => failure('server') });
    await bench.clock.advance(LATENCY + 10);
    bench.handle.cancel();
    await bench.clock.advance(0);
    expect(await bench.handle.done).toMatchObject({ state: 'cancelled', rowsFailed: 0 });
  });

  it('ends a paused run', async () => {
    const bench = new Bench({ units: unitsOf(texts(20)) });
    bench.handle.pause();
    bench.handle.cancel();
    expect(await bench.finish()).toMatchObject({ state: 'cancelled' });
  });

  it('ends a run that has not begun, without a request', async () => {
    const bench = new Bench({ units: unitsOf(texts(20)) });
    bench.handle.cancel();
    expect(await bench.finish()).toMatchObject({ state: 'cancelled', rowsDone: 0 });
    expect(bench.requests).toEqual([]);
  });

  it('still tells when the last commit fails', async () => {
    const bench: Bench = new Bench({
      units: unitsOf(texts(20)),
      commit: async () => {
        await bench.clock.sleep(500);
        throw new StoreError('quota-exceeded', 'Full.');
      }
    });
    await bench.clock.advance(LATENCY + 50);
    bench.handle.cancel();
    expect(await bench.finish()).toMatchObject({
      state: 'stopped',
      error: { code: 'quota-exceeded' }
    });
  });
});

describe('progress', () => {
  it('is reported at most ten times a second, and once at the end', async () => {
    const bench = new Bench({ units: unitsOf(texts(200)), latency: () => 7 });
    await bench.finish();
    const times = bench.progress.slice(0, -1).map(({ at }) => at);
    times.slice(1).forEach((at, n) => expect(at - times[n]!).toBeGreaterThanOrEqual(100));
    expect(bench.progress.at(-1)).toMatchObject({ rowsDone: 200, rowsTotal: 200, secondsLeft: 0 });
  });

  it('tells the rate and what is left of the time', async () => {
    const bench = new Bench({ units: unitsOf(texts(400)) });
    await bench.clock.advance(10_000);
    const { rowsPerSecond, secondsLeft } = bench.progress.at(-1)!;
    // 2 in flight × 2 texts every 250 ms
    expect(rowsPerSecond).toBeGreaterThan(15);
    expect(rowsPerSecond).toBeLessThan(17);
    expect(secondsLeft).toBeGreaterThan(13);
    expect(secondsLeft).toBeLessThan(17);
    bench.handle.cancel();
    await bench.finish();
  });

  it('says that the endpoint asked for a pause, and until when', async () => {
    const fault = (_: unknown, n: number) =>
      n === 1 ? failure('rate-limit', { retryAfterMs: 90_000 }) : undefined;
    const bench = new Bench({ units: unitsOf(texts(20)), fault });
    await bench.clock.advance(LATENCY + 150);
    expect(bench.progress.at(-1)).toMatchObject({
      state: 'waiting',
      waitUntil: bench.start + LATENCY + 90_000,
      concurrency: 1,
      notice: 'The endpoint asked for a pause: rate limit.'
    });
    await bench.finish();
    expect(bench.progress.at(-1)).toMatchObject({
      state: 'running',
      waitUntil: null,
      notice: null
    });
  });

  it('says what goes wrong until it goes well', async () => {
    const fault = (_: unknown, n: number) => (n < 2 ? failure('unreachable') : undefined);
    const bench = new Bench({ units: unitsOf(texts(2)), fault });
    await bench.clock.advance(LATENCY + 150);
    expect(bench.progress.at(-1)!.notice).toBe('It failed: unreachable.');
    await bench.finish();
    expect(bench.progress.at(-1)!.notice).toBeNull();
  });
});

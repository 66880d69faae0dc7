import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CancelledError, ProviderError } from '#lib/base/errors.ts';
import { backoffMs } from '#lib/embedding/backoff.ts';
import { Pacer, realClock } from '#lib/embedding/pacer.ts';
import { FakeClock } from './fake-clock.ts';

const LATENCY = 250;

function rateLimit(retryAfterMs?: number): ProviderError {
  return new ProviderError(
    'rate-limit',
    'Slower.',
    '',
    retryAfterMs === undefined ? {} : { retryAfterMs }
  );
}

/** An endpoint that answers after `LATENCY`, and whatever its script says before that. */
function setUp(concurrency: number, maxConcurrency = concurrency) {
  const clock = new FakeClock();
  const start = clock.now();
  const pacer = new Pacer({ concurrency, maxConcurrency, clock, random: () => 0 });
  /** Requests as they were sent: name and time. */
  const sent: [string, number][] = [];
  const refusals: (ProviderError | undefined)[] = [];
  const send = (name: string) => async () => {
    sent.push([name, clock.now() - start]);
    const refusal = refusals.shift();
    await clock.sleep(LATENCY);
    if (refusal) throw refusal;
    return name;
  };
  const names = () => sent.map(([name]) => name);
  return { clock, start, pacer, sent, names, refusals, send };
}

describe('a pacer', () => {
  it('sends no more at once than its concurrency, and the next when one is answered', async () => {
    const { clock, pacer, sent, send } = setUp(2);
    const answers = Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map((name) => pacer.schedule(send(name)))
    );
    expect(await clock.runUntil(answers)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(sent).toEqual([
      ['a', 0],
      ['b', 0],
      ['c', 250],
      ['d', 250],
      ['e', 500]
    ]);
  });

  it('passes on any other error and goes on', async () => {
    const { clock, pacer, send, refusals } = setUp(1);
    refusals.push(new ProviderError('server', 'Broken.'));
    const first = pacer.schedule(send('a'));
    const second = pacer.schedule(send('b'));
    await expect(clock.runUntil(first)).rejects.toThrow('Broken.');
    expect(await clock.runUntil(second)).toBe('b');
    expect(pacer.state).toEqual({ inFlight: 0, concurrency: 1, waitUntil: null });
  });

  it('sends a query at once, whatever is in flight, and a second one before waiting batches', async () => {
    const { clock, pacer, sent, send } = setUp(1);
    const batches = ['a', 'b', 'c'].map((name) => pacer.schedule(send(name)));
    await clock.advance(100);
    void pacer.schedule(send('query'), { priority: true });
    void pacer.schedule(send('another'), { priority: true });
    await clock.runUntil(Promise.all(batches));
    expect(sent).toEqual([
      ['a', 0],
      ['query', 100],
      ['another', 250],
      ['b', 500],
      ['c', 750]
    ]);
  });

  it('tells whenever its state changes, until it is told to stop', async () => {
    const { clock, pacer, send } = setUp(1);
    const inFlight: number[] = [];
    const stop = pacer.onChange(() => inFlight.push(pacer.state.inFlight));
    await clock.runUntil(pacer.schedule(send('a')));
    expect(inFlight).toEqual([1, 0]);
    stop();
    await clock.runUntil(pacer.schedule(send('b')));
    expect(inFlight).toEqual([1, 0]);
  });
});

describe('after a rate limit', () => {
  it.each([1, 999, 20_000, 90_000, 30 * 24 * 3_600_000])(
    'sends nothing for %i ms, then goes on',
    async (wait) => {
      const { clock, start, pacer, sent, send, refusals } = setUp(1);
      refusals.push(rateLimit(wait));
      const answers = Promise.all([pacer.schedule(send('a')), pacer.schedule(send('b'))]);
      await clock.advance(LATENCY);
      expect(pacer.state.waitUntil).toBe(start + LATENCY + wait);
      void pacer.schedule(send('query'), { priority: true });
      await clock.advance(wait - 1);
      expect(sent).toEqual([['a', 0]]);
      await clock.advance(1);
      expect(pacer.state.waitUntil).toBeNull();
      await clock.runUntil(answers);
      expect(sent).toEqual([
        ['a', 0],
        ['query', LATENCY + wait],
        ['a', 2 * LATENCY + wait],
        ['b', 3 * LATENCY + wait]
      ]);
    }
  );

  it('waits twice as long each time when the endpoint does not say', async () => {
    const { clock, pacer, sent, send, refusals } = setUp(1);
    refusals.push(rateLimit(), rateLimit(), rateLimit(0));
    await clock.runUntil(pacer.schedule(send('a')));
    const pauses = sent.slice(1).map(([, at], n) => at - sent[n]![1] - LATENCY);
    expect(pauses).toEqual([500, 1000, 2000]);
  });

  it('never gives a request up', async () => {
    const { clock, pacer, sent, send, refusals } = setUp(2);
    refusals.push(...Array.from({ length: 40 }, () => rateLimit(1000)));
    expect(await clock.runUntil(pacer.schedule(send('a')))).toBe('a');
    expect(sent).toHaveLength(41);
  });

  it('waits for the latest time that was named', async () => {
    const { clock, pacer, sent, send, refusals } = setUp(2);
    refusals.push(rateLimit(1000), rateLimit(5000));
    await clock.runUntil(Promise.all([pacer.schedule(send('a')), pacer.schedule(send('b'))]));
    expect(sent[2]![1]).toBe(LATENCY + 5000);
  });

  it('puts a wait off when a later refusal asks for more', async () => {
    const { clock, pacer, sent, send, refusals } = setUp(2);
    refusals.push(rateLimit(1000), rateLimit(5000));
    void pacer.schedule(send('a'));
    await clock.advance(200);
    void pacer.schedule(send('b'));
    await clock.advance(LATENCY + 6000);
    expect(sent[2]![1]).toBe(200 + LATENCY + 5000);
  });

  it('halves its concurrency once for a burst, and wins it back one at a time', async () => {
    const { clock, pacer, send, refusals } = setUp(4);
    refusals.push(rateLimit(100), rateLimit(100), rateLimit(100), rateLimit(100));
    const answers = Promise.all(Array.from({ length: 20 }, (_, n) => pacer.schedule(send(`${n}`))));
    const seen: number[] = [];
    pacer.onChange(() => {
      const { concurrency } = pacer.state;
      if (seen.at(-1) !== concurrency) seen.push(concurrency);
    });
    await clock.runUntil(answers);
    expect(seen).toEqual([2, 3, 4]);
  });

  it('keeps at least one request going', async () => {
    const { clock, pacer, send, refusals } = setUp(1);
    refusals.push(rateLimit(10), rateLimit(10));
    await clock.runUntil(pacer.schedule(send('a')));
    expect(pacer.state.concurrency).toBe(1);
  });
});

describe('while all is well', () => {
  it('has one more in flight after each round of answers, up to its maximum', async () => {
    const { clock, pacer, send } = setUp(2, 4);
    const most: number[] = [];
    pacer.onChange(() => most.push(pacer.state.inFlight));
    await clock.runUntil(
      Promise.all(Array.from({ length: 40 }, (_, n) => pacer.schedule(send(`${n}`))))
    );
    expect(Math.max(...most)).toBe(4);
    expect(pacer.state.concurrency).toBe(4);
  });

  it('does not grow on requests that come one by one', async () => {
    const { clock, pacer, send } = setUp(2, 4);
    for (let n = 0; n < 10; n++) await clock.runUntil(pacer.schedule(send(`${n}`)));
    expect(pacer.state.concurrency).toBe(2);
  });
});

describe('pausing an owner', () => {
  it('holds back its requests alone, and lets what is in flight finish', async () => {
    const { clock, pacer, names, send } = setUp(1);
    const owner = {};
    const first = pacer.schedule(send('a'), { owner });
    const held = pacer.schedule(send('b'), { owner });
    const other = pacer.schedule(send('other'), { owner: {} });
    pacer.pause(owner);
    expect(await clock.runUntil(first)).toBe('a');
    expect(await clock.runUntil(other)).toBe('other');
    await clock.advance(60_000);
    expect(names()).toEqual(['a', 'other']);
    pacer.resume(owner);
    expect(await clock.runUntil(held)).toBe('b');
  });
});

describe('aborting', () => {
  it('takes a waiting request out of the queue', async () => {
    const { clock, pacer, names, send } = setUp(1);
    const controller = new AbortController();
    const first = pacer.schedule(send('a'));
    const aborted = pacer.schedule(send('b'), { signal: controller.signal });
    const last = pacer.schedule(send('c'));
    controller.abort();
    await expect(aborted).rejects.toThrow(CancelledError);
    await clock.runUntil(Promise.all([first, last]));
    expect(names()).toEqual(['a', 'c']);
  });

  it('sends nothing for a signal that was aborted before', async () => {
    const { pacer, names, send } = setUp(1);
    await expect(pacer.schedule(send('a'), { signal: AbortSignal.abort() })).rejects.toThrow(
      CancelledError
    );
    expect(names()).toEqual([]);
  });

  it('ends a request that waits for a rate limit', async () => {
    const { clock, pacer, names, send, refusals } = setUp(1);
    const controller = new AbortController();
    refusals.push(rateLimit(3_600_000));
    const waiting = pacer.schedule(send('a'), { signal: controller.signal });
    await clock.advance(LATENCY);
    controller.abort();
    await expect(waiting).rejects.toThrow(CancelledError);
    await clock.advance(3_600_000);
    expect(names()).toEqual(['a']);
  });

  it('does not send a refused request again that was aborted in flight', async () => {
    const { clock, pacer, names, send, refusals } = setUp(1);
    const controller = new AbortController();
    refusals.push(rateLimit(10));
    const aborted = pacer.schedule(send('a'), { signal: controller.signal });
    controller.abort();
    await expect(clock.runUntil(aborted)).rejects.toThrow(CancelledError);
    await clock.advance(1000);
    expect(names()).toEqual(['a']);
  });
});

describe('backoffMs', () => {
  it('doubles from a second to a minute', () => {
    expect([1, 2, 3, 6, 7, 50].map((tries) => backoffMs(tries, () => 0))).toEqual([
      500, 1000, 2000, 16_000, 30_000, 30_000
    ]);
  });

  it('spreads over its second half', () => {
    expect(backoffMs(1, () => 0.5)).toBe(750);
    expect(backoffMs(1, () => 1)).toBe(1000);
  });
});

describe('the clock on the wall', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
  afterEach(() => void vi.useRealTimers());

  it("sleeps longer than a browser's timer can", async () => {
    let awake = false;
    void realClock.sleep(40 * 24 * 3_600_000).then(() => (awake = true));
    await vi.advanceTimersByTimeAsync(40 * 24 * 3_600_000 - 1);
    expect(awake).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(awake).toBe(true);
  });

  it('wakes soon when the computer slept past the time', async () => {
    let awake = false;
    void realClock.sleep(3_600_000).then(() => (awake = true));
    await vi.advanceTimersByTimeAsync(1000);
    vi.setSystemTime(Date.now() + 7_200_000);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(awake).toBe(true);
  });

  it('leaves no timer behind when it is aborted', async () => {
    const controller = new AbortController();
    const sleep = realClock.sleep(1000, controller.signal);
    controller.abort();
    await expect(sleep).rejects.toThrow(CancelledError);
    await expect(realClock.sleep(1000, controller.signal)).rejects.toThrow(CancelledError);
    expect(vi.getTimerCount()).toBe(0);
  });
});

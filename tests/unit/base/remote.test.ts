import { afterEach, describe, expect, it } from 'vitest';
import { CancelledError, ProviderError, SemblanceError } from '#lib/base/errors.ts';
import { connect, expose, lasting, transfer, type Endpoint } from '#lib/base/remote.ts';

const api = {
  add: (a: number, b: number) => a + b,
  async countTo(n: number, onStep: (step: number) => void): Promise<string> {
    for (let step = 1; step <= n; step++) onStep(step);
    return 'counted';
  },
  tellLater(onNews: (news: string) => void): void {
    // The answer to this call is posted before the news.
    queueMicrotask(() => setImmediate(() => onNews('told later')));
  },
  refuse(): void {
    throw new ProviderError('quota', 'No credit is left.', 'Add credit.', { retryAfterMs: 7 });
  },
  breakDown(): void {
    throw new TypeError('a bug');
  },
  untilAborted: (signal: AbortSignal) =>
    new Promise<string>((resolve) => {
      if (signal.aborted) resolve('aborted before');
      signal.addEventListener('abort', () => resolve('heard the abort'));
    }),
  sizeOf: (buffer: ArrayBuffer) => buffer.byteLength,
  makeBuffer(size: number): ArrayBuffer {
    const buffer = new ArrayBuffer(size);
    return transfer(buffer, [buffer]);
  }
};

const channels: MessageChannel[] = [];

function join() {
  const channel = new MessageChannel();
  channels.push(channel);
  expose(api, channel.port1 as Endpoint);
  return connect<typeof api>(channel.port2 as Endpoint);
}

afterEach(() => {
  for (const { port1, port2 } of channels.splice(0)) {
    port1.close();
    port2.close();
  }
});

describe('a remote object', () => {
  it('answers calls with what its methods return', async () => {
    expect(await join().api.add(2, 3)).toBe(5);
  });

  it('keeps answers apart when calls overlap', async () => {
    const { api } = join();
    expect(await Promise.all([api.add(1, 1), api.add(2, 2), api.add(3, 3)])).toEqual([2, 4, 6]);
  });

  it('hears a lasting listener also after the call has ended', async () => {
    const { api } = join();
    const later = await new Promise<string>((resolve) => void api.tellLater(lasting(resolve)));
    expect(later).toBe('told later');
  });

  it('lets go of a callback that is not lasting with the end of its call', async () => {
    const { api } = join();
    const heard: string[] = [];
    await api.tellLater((word) => heard.push(word));
    await new Promise<string>((resolve) => void api.tellLater(lasting(resolve)));
    expect(heard).toEqual([]);
  });

  it('runs callbacks here, in order and before the answer', async () => {
    const heard: (number | string)[] = [];
    heard.push(await join().api.countTo(3, (step) => heard.push(step)));
    expect(heard).toEqual([1, 2, 3, 'counted']);
  });

  it('brings an error over with its class, code, advice and detail', async () => {
    const error = await join()
      .api.refuse()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({
      code: 'quota',
      message: 'No credit is left.',
      next: 'Add credit.',
      detail: { retryAfterMs: 7 }
    });
  });

  it('gives a bug the code unexpected', async () => {
    await expect(join().api.breakDown()).rejects.toMatchObject({
      code: 'unexpected',
      message: 'a bug'
    });
  });

  it('tells the other side of an abort', async () => {
    const controller = new AbortController();
    const answer = join().api.untilAborted(controller.signal);
    controller.abort();
    expect(await answer).toBe('heard the abort');
  });

  it('never sends a call whose signal is aborted already', async () => {
    await expect(join().api.untilAborted(AbortSignal.abort())).rejects.toThrow(CancelledError);
  });

  it('moves buffers both ways when told to transfer them', async () => {
    const { api } = join();
    const buffer = new ArrayBuffer(64);
    expect(await api.sizeOf(transfer(buffer, [buffer]))).toBe(64);
    expect(buffer.byteLength).toBe(0);
    expect((await api.makeBuffer(32)).byteLength).toBe(32);
  });

  it('rejects waiting and later calls once it is closed', async () => {
    const connection = join();
    const waiting = connection.api.untilAborted(new AbortController().signal);
    connection.close(new SemblanceError('worker-died', 'It stopped.'));
    await expect(waiting).rejects.toMatchObject({ code: 'worker-died' });
    await expect(connection.api.add(1, 2)).rejects.toMatchObject({ code: 'worker-died' });
  });

  it('rejects a call whose arguments can not be cloned, and stays usable', async () => {
    const { api } = join();
    const symbol = Symbol('not cloneable') as unknown as number;
    await expect(api.add(symbol, 1)).rejects.toThrow();
    expect(await api.add(1, 1)).toBe(2);
  });
});

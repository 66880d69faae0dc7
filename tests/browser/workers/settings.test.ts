import { expect, onTestFinished, test, vi } from 'vitest';
import { readHostSettings } from '#lib/state/host-settings.ts';
import { settings } from '#lib/state/settings.svelte.ts';

test('a key is gone with the worker that held it', async () => {
  const workers: Worker[] = [];
  class WatchedWorker extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      workers.push(this);
    }
  }
  vi.stubGlobal('Worker', WatchedWorker);
  onTestFinished(async () => {
    await settings.choose('built-in');
    workers.forEach((worker) => worker.terminate());
    vi.unstubAllGlobals();
  });

  await settings.choose('openai');
  expect(settings.key.held).toBe(false);
  await settings.setKey('sk-something');
  expect(settings.key.held).toBe(true);
  workers.at(-1)!.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
  expect(settings.key.held).toBe(false);
  const openai = settings.options.find(({ key }) => key === 'text-embedding-3-small')!;
  expect(openai.missing).toContain('needs an OpenAI API key');
});

test.each([
  ['proxy/v1', new URL('proxy/v1', document.baseURI).href],
  ['/proxy/v1', `${location.origin}/proxy/v1`],
  ['https://proxy.example/v1', 'https://proxy.example/v1'],
  ['http://[nowhere', null]
])("a proxy's address %s is taken from where the page is", async (proxyUrl, expected) => {
  const answer = new Response(JSON.stringify({ proxyUrl }));
  const fetch = vi.spyOn(globalThis, 'fetch').mockResolvedValue(answer);
  onTestFinished(() => fetch.mockRestore());
  expect(await readHostSettings()).toEqual({ title: null, proxyUrl: expected });
});

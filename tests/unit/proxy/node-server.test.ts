import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { inOrder } from '../../../src/site/handler.ts';
import { serve, type RunningServer } from '../../../src/proxy/node-server.ts';

let server: RunningServer | undefined;

/** Serves a handler for one test; the address of the server. */
async function start(handler: (request: Request) => Promise<Response>): Promise<string> {
  server = await serve(handler, { port: 0, host: '127.0.0.1' });
  return `http://127.0.0.1:${server.port}`;
}
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe('serve', () => {
  test('hands over method, path, headers and body, and sends status, headers and body back', async () => {
    const url = await start(async (request) => {
      const { pathname, search } = new URL(request.url);
      const said = [request.method, pathname + search, request.headers.get('x-said')];
      return new Response(`${said.join(' ')} ${await request.text()}`, {
        status: 201,
        headers: [
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2']
        ]
      });
    });
    const response = await fetch(`${url}/some/path?q=1`, {
      method: 'POST',
      headers: { 'x-said': 'hello' },
      body: 'body'
    });
    expect(response.status).toBe(201);
    expect(await response.text()).toBe('POST /some/path?q=1 hello body');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  test('sends each part of an answer when it is there', async () => {
    const parts = new TransformStream<string, string>();
    const writer = parts.writable.getWriter();
    const url = await start(
      async () => new Response(parts.readable.pipeThrough(new TextEncoderStream()))
    );
    void writer.write('one');
    const reader = (await fetch(url)).body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe('one');
    void writer.write('two');
    expect((await reader.read()).value).toBe('two');
    await writer.close();
    expect((await reader.read()).done).toBe(true);
  });

  test('tells the handler that the client went away before the answer', async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<boolean>();
    const arrived = Promise.withResolvers<undefined>();
    const url = await start((request) => {
      request.signal.addEventListener('abort', () => resolve(true));
      arrived.resolve(undefined);
      return aborted.then(() => new Response());
    });
    const client = httpRequest(url).on('error', () => undefined);
    client.end();
    await arrived.promise;
    client.destroy();
    expect(await aborted).toBe(true);
  });

  test('cancels a streamed answer when the client went away', async () => {
    const { promise: cancelled, resolve } = Promise.withResolvers<boolean>();
    const url = await start(async () => {
      const endless = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1024)),
        cancel: () => resolve(true)
      });
      return new Response(endless);
    });
    const client = httpRequest(url).on('error', () => undefined);
    client.end();
    const [response] = await once(client, 'response');
    response.on('error', () => undefined).destroy();
    expect(await cancelled).toBe(true);
  });

  test('answers 500 when the handler throws, and goes on', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    let calls = 0;
    const url = await start(async () => {
      if (calls++ === 0) throw new Error('inner detail');
      return new Response('fine');
    });
    const failed = await fetch(url);
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toContain('inner detail');
    expect(log).toHaveBeenCalledOnce();
    expect(await (await fetch(url)).text()).toBe('fine');
    log.mockRestore();
  });

  test.each(['GET http://elsewhere/ HTTP/1.1', 'OPTIONS * HTTP/1.1', 'TRACE / HTTP/1.1'])(
    'refuses what no page asks: %s',
    async (line) => {
      const url = new URL(await start(async () => new Response('fine')));
      const socket = connect(Number(url.port), url.hostname);
      socket.write(`${line}\r\nhost: here\r\nconnection: close\r\n\r\n`);
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
    }
  );

  test('says when the port is taken', async () => {
    await start(async () => new Response());
    const second = serve(async () => new Response(), { port: server!.port, host: '127.0.0.1' });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('inOrder', () => {
  const handler = inOrder(
    async (request) => (request.url.endsWith('/api') ? new Response('first') : undefined),
    async (request) => (request.url.endsWith('/none') ? undefined : new Response('second'))
  );

  test.each([
    ['/api', 200, 'first'],
    ['/page', 200, 'second'],
    ['/none', 404, 'Not found\n']
  ])('%s is answered with %i by the first that knows it', async (path, status, body) => {
    const response = await handler(new Request(`http://localhost${path}`), { address: null });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(body);
  });
});

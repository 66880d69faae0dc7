import {
  aborted,
  isLoopback,
  listen,
  originsOf,
  readAddress,
  run,
  stopSignal,
  urlOf
} from './process.ts';
import { openProxy } from './run.ts';

/*
 * `npm run proxy`: the proxy alone. PORT (8787) and HOST (127.0.0.1) say where; the rest is read from the
 * environment as `readProxyConfig` says.
 */

const stop = stopSignal();

await run(async () => {
  const address = readAddress(process.env, 8787);
  const { host } = address;
  if (!process.env['OPENAI_API_KEY']?.trim()) {
    throw new Error('Set OPENAI_API_KEY to the key that is put in the placeholder’s place.');
  }
  const around = { own: originsOf(address), loopback: isLoopback(host) };
  const proxy = openProxy(process.env, around, (entry) => console.log(JSON.stringify(entry)));
  const server = await listen(
    async (request, arrival) =>
      (await proxy.answer(request, arrival)) ?? new Response('Not found\n', { status: 404 }),
    address,
    'npm run proxy'
  );
  console.log(`The proxy answers at ${urlOf({ host, port: server.port })}v1`);
  await aborted(stop);
  await server.close();
  proxy.close();
}, stop);

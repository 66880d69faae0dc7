import { connect } from 'node:net';
import type { LedgerEntry } from './openai-server.ts';
import { seededRandom } from './random.ts';

/** In every text that a hostile request carries: it may be seen at the upstream only. */
export const CANARY = 'canary-of-a-learner';

const TOKEN = '<OPENAI_API_TOKEN>';
const MODEL = 'text-embedding-3-small';
/** Whoever gets no answer by then is let go. */
const PATIENCE_MS = 20_000;
/** More of an answer is not kept. */
const MOST_CHARACTERS = 100_000;

/** What the proxy may send on: parameters, and headers with those that any HTTP client adds. */
const PARAMETERS = ['model', 'input', 'dimensions', 'encoding_format'];
const HEADERS = [
  'authorization',
  'content-type',
  'accept',
  'user-agent',
  'host',
  'connection',
  'content-length',
  'accept-language',
  'accept-encoding',
  'sec-fetch-mode'
];

/** Sends the hostile request of a seed, byte by byte as an attacker would; what came back. */
export function sendHostile(url: string, origin: string, seed: number): Promise<string> {
  const random = seededRandom(seed);
  const pick: Pick = (...of) => of[Math.floor(random() * of.length)]!;
  /** Each part is in order more often than not, so that some requests are in order in all. */
  const mostly: Mostly = (proper, ...odd) => (random() < 0.8 ? proper : pick(...odd));
  const { port, hostname } = new URL(url);
  const body = hostileBody(pick, mostly, random);
  const head = [
    `${mostly('POST', 'GET', 'PUT', 'OPTIONS', 'TRACE', 'FOO')} ${hostilePath(mostly)} HTTP/1.1`,
    `host: ${mostly(`${hostname}:${port}`, 'api.openai.com', 'evil.example')}`,
    `authorization: ${hostileToken(mostly)}`,
    `content-type: ${mostly('application/json', 'application/json; charset=utf-16', 'text/plain', 'multipart/form-data; boundary=x')}`,
    ...mostly<string[]>(
      [],
      [`origin: ${origin}`],
      ['origin: https://evil.example'],
      ['origin: null'],
      [`origin: ${origin}.evil.example`],
      [`origin: ${origin}:444`]
    ),
    ...mostly<string[]>(
      [],
      ['x-forwarded-for: 203.0.113.9'],
      ['content-encoding: gzip'],
      ['openai-organization: org-evil'],
      ['expect: 100-continue'],
      ['connection: upgrade', 'upgrade: websocket'],
      [`x-evil: ${'a'.repeat(pick(10, 8000, 40_000))}`]
    ),
    ...hostileLength(mostly, Buffer.byteLength(body, 'latin1'))
  ];
  const endless = mostly(false, true);
  return exchange(Number(port), hostname, `${head.join('\r\n')}\r\n\r\n`, body, endless);
}

/**
 * What is wrong after hostile requests: with what the upstream saw, and with what came back. `key` is the
 * upstream's; `said` are all answers and the log.
 */
export function findLeaks(requests: LedgerEntry[], said: string, key: string): string[] {
  const faults: string[] = [];
  for (const { method, path, parameters, headerNames, headers } of requests) {
    if (method !== 'POST' || path !== '/v1/embeddings') faults.push(`sent on ${method} ${path}`);
    if (headers['authorization'] !== `Bearer ${key}`) faults.push('sent on with another key');
    const more = parameters.filter((name) => !PARAMETERS.includes(name));
    const odd = headerNames.filter((name) => !HEADERS.includes(name));
    if (more.length > 0) faults.push(`sent on the parameters ${more.join()}`);
    if (odd.length > 0) faults.push(`sent on the headers ${odd.join()}`);
  }
  if (said.includes(key)) faults.push('told the key');
  if (said.includes(CANARY)) faults.push('told a text');
  return faults;
}

type Pick = <T>(...of: T[]) => T;
type Mostly = <T>(proper: T, ...odd: T[]) => T;

function hostilePath(mostly: Mostly): string {
  return mostly(
    '/v1/embeddings',
    '/v1/embeddings?x=1',
    '/v1/../v1/embeddings',
    '/v1/%65mbeddings',
    '//v1/embeddings',
    'http://api.openai.com/v1/embeddings',
    '/v1/chat/completions',
    '/v1/embeddings/../files',
    '*'
  );
}

function hostileToken(mostly: Mostly): string {
  return mostly(
    `Bearer ${TOKEN}`,
    `bearer  ${TOKEN} `,
    `Bearer sk-${CANARY}`,
    `Bearer ${TOKEN},Bearer x`,
    `Basic ${TOKEN}`,
    ''
  );
}

/** A length that is right, wrong, or said twice. */
function hostileLength(mostly: Mostly, bytes: number): string[] {
  return mostly<string[]>(
    [`content-length: ${bytes}`],
    [`content-length: ${Math.max(0, bytes - 5)}`],
    [`content-length: ${bytes}`, 'content-length: 3'],
    [`content-length: ${bytes}`, 'transfer-encoding: chunked'],
    ['transfer-encoding: chunked'],
    ['content-length: -1'],
    ['content-length: 99999999999'],
    []
  );
}

function hostileBody(pick: Pick, mostly: Mostly, random: () => number): string {
  const call = { model: MODEL, input: CANARY };
  const deep = 10 ** pick(2, 4, 5);
  return mostly<() => string>(
    () => JSON.stringify(call),
    () =>
      JSON.stringify({ ...call, dimensions: pick<unknown>(8, 0, -1, 1e9, 1.5, '8', null, [8]) }),
    () => JSON.stringify({ ...call, encoding_format: pick<unknown>('float', 'base64', CANARY, 5) }),
    () => JSON.stringify({ ...call, [pick('stream', '__proto__', 'constructor', CANARY)]: true }),
    () =>
      JSON.stringify({
        ...call,
        model: pick<unknown>('gpt-4', CANARY, null, [MODEL], `${MODEL} `)
      }),
    () =>
      JSON.stringify({
        ...call,
        input: pick<unknown>([], [[]], [''], [null], [1.5], [-1], [[1, 'x']], {}, [CANARY, 5])
      }),
    () => JSON.stringify({ ...call, input: Array(pick(2, 512, 513, 50_000)).fill(CANARY) }),
    () => JSON.stringify({ ...call, input: [1, 2, 3] }),
    () => `{"model":"${MODEL}","input":${'['.repeat(deep)}`,
    () => `{"model":"${MODEL}","input":${'['.repeat(deep)}"${CANARY}"${']'.repeat(deep)}}`,
    () => `{"model":"${MODEL}","model":"gpt-4","input":"${CANARY}"}`,
    () => `{"input":"${CANARY}","model":"${MODEL}"}{"input":"x"}`,
    () => `{"model":"${MODEL}","input":"\\ud800${CANARY}"}`,
    () => Array.from({ length: 200 }, () => String.fromCharCode(random() * 256)).join(''),
    () => CANARY.repeat(200_000),
    () => `GET /v1/health HTTP/1.1\r\nhost: x\r\n\r\n${CANARY}`,
    () => ''
  )();
}

/** Sends head and body; an endless one goes on until the other side has enough. */
function exchange(
  port: number,
  host: string,
  head: string,
  body: string,
  endless: boolean
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    let said = '';
    let quiet: NodeJS.Timeout | undefined;
    const done = () => {
      clearTimeout(timer);
      clearTimeout(quiet);
      socket.destroy();
      resolve(said);
    };
    const timer = setTimeout(done, PATIENCE_MS);
    socket.on('error', done).on('close', done);
    socket.on('data', (data: Buffer) => {
      if (said.length < MOST_CHARACTERS) said += data.toString('latin1');
      // An answer is whole, or nobody goes on with it.
      clearTimeout(quiet);
      quiet = setTimeout(done, 150);
    });
    socket.write(head);
    socket.write(Buffer.from(body, 'latin1'));
    if (!endless) return;
    const more = Buffer.alloc(65_536, 'x');
    const pour = () => {
      while (!socket.destroyed && socket.write(more));
    };
    socket.on('drain', pour);
    pour();
  });
}

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { embeddingBody } from './answer.ts';
import {
  quotaError,
  rateLimitError,
  regionError,
  retryAfterHeader,
  serverError,
  type ApiError
} from './errors.ts';
import type { Fault, FaultQueue } from './faults.ts';
import { noteBody, type LedgerEntry } from './ledger.ts';
import type { Models } from './models.ts';
import { duration } from './rate-limit.ts';
import { checkCall, parseBody } from './validate.ts';

const GATEWAY_PAGE = (status: number) =>
  `<html>\n<head><title>${status} Error</title></head>\n<body>\n<center><h1>${status} Error</h1></center>\n` +
  '<hr><center>cloudflare</center>\n</body>\n</html>\n';

/** Pieces a slow body comes in. */
const DRIPS = 10;

/** What answering one request needs. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  entry: LedgerEntry;
  faults: FaultQueue;
  models: Models;
  /** When the request came (`performance.now()`). */
  startedMs: number;
  /** Aborts when the server closes. */
  closing: AbortSignal;
}

/**
 * Answers `POST /v1/embeddings`: refuses what OpenAI would refuse, by throwing {@link ApiError}, and
 * otherwise answers, or fails as the faults say.
 */
export async function answerEmbeddings(exchange: Exchange): Promise<void> {
  const { request, response, entry, faults, models, startedMs, closing } = exchange;
  const body = parseBody(request.headers['content-type'], await text(request));
  noteBody(entry, body);
  const call = checkCall(body, models);
  entry.dimensions = call.dimensions;
  entry.encoding = call.encoding;
  entry.tokens = call.tokens;
  faults.limiter.admit(call.model, call.tokens);
  const { latencyMs, fault } = faults.take(call);
  entry.fault = fault?.kind ?? null;

  const refusal = fault && refusalOf(fault, call.model);
  // The work is done within the latency, not on top of it.
  const answer = refusal ? '' : embeddingBody(call, fault);
  const waitMs = startedMs + latencyMs - performance.now();
  if (waitMs > 0) await delay(waitMs, undefined, { signal: closing });

  setHeaders(response, faults.limiter.headers());
  response.setHeader('openai-processing-ms', Math.round(performance.now() - startedMs));
  if (refusal) throw refusal;
  await deliver(response, answer, fault, closing);
}

function refusalOf(fault: Fault, model: string): ApiError | undefined {
  switch (fault.kind) {
    case 'rate-limit': {
      const ms = fault.ms ?? 1000;
      const detail = `Limit 3, Used 3, Requested 1. Please try again in ${duration(ms)}.`;
      const headers = retryAfterHeader(fault.retryAfter ?? 'seconds', ms);
      return rateLimitError(model, 'requests', detail, headers);
    }
    case 'quota':
      return quotaError();
    case 'forbidden':
      return regionError();
    case 'server':
      return fault.body === 'html' ? undefined : serverError(fault.status ?? 500);
    default:
      return undefined;
  }
}

async function deliver(
  response: ServerResponse,
  answer: string,
  fault: Fault | undefined,
  closing: AbortSignal
): Promise<void> {
  switch (fault?.kind) {
    case 'hang':
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'server':
      send(response, fault.status ?? 500, GATEWAY_PAGE(fault.status ?? 500), 'text/html');
      return;
    case 'not-json':
      send(response, 200, GATEWAY_PAGE(200), fault.contentType ?? 'text/html');
      return;
    case 'truncated':
      await sendHalf(response, answer);
      return;
    case 'slow':
      await drip(response, answer, fault.ms, closing);
      return;
    default:
      send(response, 200, answer, 'application/json');
  }
}

/** Sends a whole answer, with its length. */
export function send(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Sets several headers at once. */
export function setHeaders(response: ServerResponse, headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/** Promises a whole body, sends half of it and breaks the connection. */
async function sendHalf(response: ServerResponse, body: string): Promise<void> {
  startJson(response, body);
  await new Promise((done) => response.write(body.slice(0, body.length >> 1), done));
  response.socket?.destroy();
}

async function drip(
  response: ServerResponse,
  body: string,
  ms: number,
  closing: AbortSignal
): Promise<void> {
  startJson(response, body);
  const length = Math.ceil(body.length / DRIPS);
  for (let from = 0; from < body.length; from += length) {
    if (!response.write(body.slice(from, from + length))) {
      await once(response, 'drain', { signal: closing });
    }
    await delay(ms / DRIPS, undefined, { signal: closing });
  }
  response.end();
}

function startJson(response: ServerResponse, body: string): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body)
  });
}

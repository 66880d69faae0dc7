import type { IncomingHttpHeaders } from 'node:http';
import type { FaultKind } from './faults.ts';

/** Headers worth remembering. */
const HEADERS = [
  'authorization',
  'content-type',
  'origin',
  'user-agent',
  'x-stainless-retry-count'
];

/** One request under `/v1`, as it was asked and how it ended. */
export interface LedgerEntry {
  /** When it came, in milliseconds since 1970. */
  at: number;
  method: string;
  path: string;
  model: string | null;
  /** Of the answer, or as asked when the request was refused. */
  dimensions: number | null;
  encoding: string | null;
  /** Texts as they came; token ids as JSON. */
  inputs: string[];
  /** 0 until the request is found to be in order. */
  tokens: number;
  /** 0 until the whole answer has been sent, and for ever when it never was. */
  status: number;
  /** The fault it met, other than latency. */
  fault: FaultKind | null;
  headers: Record<string, string>;
  /** All headers that came, and all parameters of the body: names only. */
  headerNames: string[];
  parameters: string[];
}

/** Remembers every request; the proof of what was asked, how often, and how many at a time. */
export class Ledger {
  requests: LedgerEntry[] = [];
  /** The most requests that waited for their answer at once. */
  peakInFlight = 0;
  #inFlight = 0;

  /** Inputs of all requests that were answered 200 in whole, in the order they came. */
  texts(): string[] {
    return this.requests.flatMap(({ status, inputs }) => (status === 200 ? inputs : []));
  }

  /** How often a text was answered. */
  countOf(text: string): number {
    return this.texts().filter((other) => other === text).length;
  }

  /** Forgets what was; requests in flight still end in their own entries. */
  clear(): void {
    this.requests = [];
    this.peakInFlight = this.#inFlight;
  }

  /** A request comes: its entry, which whoever answers fills in. */
  open(method: string, path: string, headers: IncomingHttpHeaders): LedgerEntry {
    const known = HEADERS.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, String(value)]];
    });
    const entry: LedgerEntry = {
      at: Date.now(),
      method,
      path,
      model: null,
      dimensions: null,
      encoding: null,
      inputs: [],
      tokens: 0,
      status: 0,
      fault: null,
      headers: Object.fromEntries(known),
      headerNames: Object.keys(headers),
      parameters: []
    };
    this.requests.push(entry);
    this.#inFlight++;
    this.peakInFlight = Math.max(this.peakInFlight, this.#inFlight);
    return entry;
  }

  /** A request ends, answered or not. */
  close(): void {
    this.#inFlight--;
  }

  /** What `GET /__ledger` answers. */
  toJSON(): { requests: LedgerEntry[]; peakInFlight: number } {
    return { requests: this.requests, peakInFlight: this.peakInFlight };
  }
}

/** Notes what a body asks for, whether or not it is in order. */
export function noteBody(entry: LedgerEntry, body: Record<string, unknown>): void {
  const { model, dimensions, encoding_format, input } = body;
  entry.parameters = Object.keys(body);
  if (typeof model === 'string') entry.model = model;
  if (typeof dimensions === 'number') entry.dimensions = dimensions;
  if (typeof encoding_format === 'string') entry.encoding = encoding_format;
  if (input === undefined) return;
  const inputs =
    Array.isArray(input) && typeof input[0] !== 'number' ? (input as unknown[]) : [input];
  entry.inputs = inputs.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
}

import { CancelledError, ProviderError } from '#lib/base/errors.ts';
import { normalise } from '#lib/base/vector.ts';
import { Pacer } from '#lib/embedding/pacer.ts';
import {
  runEmbedding,
  type RunBatch,
  type RunHandle,
  type RunOptions,
  type RunOutcome,
  type RunProgress,
  type RunUnit
} from '#lib/embedding/run.ts';
import type {
  EmbeddingRequest,
  Provider,
  ProviderLimits,
  Tokenizer
} from '#lib/embedding/types.ts';
import { FakeClock } from './fake-clock.ts';

export const LATENCY = 250;
export const DIMENSIONS = 4;

/** A token is a character. */
const characters: Tokenizer = {
  count: (text) => text.length,
  split: (text, most) => text.match(new RegExp(`.{1,${most}}`, 'g')) ?? []
};

/** The vector that stands for a text, told from its characters. */
export function vectorOf(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (const [n, character] of [...text].entries())
    vector[n % DIMENSIONS]! += character.charCodeAt(0);
  return normalise(vector);
}

/** Units of texts; each stands for one row. */
export function unitsOf(texts: string[]): RunUnit[] {
  return texts.map((text, row) => ({
    hash: `hash ${row}`,
    text,
    tokens: text.length,
    rows: [row]
  }));
}

/** What the endpoint does with a request: nothing (it answers), an error, or another answer. */
type Fault = ProviderError | Error | { dimensions: number } | undefined;

interface BenchOptions extends Partial<Omit<RunOptions, 'units'>> {
  units: RunUnit[];
  limits?: Partial<ProviderLimits>;
  maxConcurrency?: number;
  latency?: () => number;
  /** Looked at when a request arrives. */
  fault?: (request: EmbeddingRequest, n: number) => Fault;
  /** What the endpoint says it counted. */
  usage?: (inputs: string[]) => number;
  random?: () => number;
}

/** Everything around a run: an endpoint on a fake clock, and a store that remembers. */
export class Bench {
  readonly clock = new FakeClock();
  readonly start = this.clock.now();
  /** Requests as they arrived, and when. */
  readonly requests: { inputs: string[]; at: number }[] = [];
  readonly batches: RunBatch[] = [];
  readonly failures: { units: RunUnit[]; error: ProviderError }[] = [];
  readonly progress: (RunProgress & { at: number })[] = [];
  readonly pacer: Pacer;
  readonly handle: RunHandle;
  inFlight = 0;
  aborted = 0;
  unitsTaken = 0;

  constructor(options: BenchOptions) {
    const { clock } = this;
    const { units, limits, maxConcurrency, latency, fault, usage, ...rest } = options;
    const random = options.random ?? (() => 0);
    const provider: Provider = {
      limits: {
        maxInputs: 2,
        maxInputTokens: 100,
        maxRequestTokens: 1000,
        concurrency: 2,
        ...limits
      },
      embed: async (request, signal) => {
        const n = this.requests.push({ inputs: request.inputs, at: this.elapsed }) - 1;
        const problem = fault?.(request, n);
        this.inFlight++;
        try {
          await clock.sleep(latency?.() ?? LATENCY, signal);
        } catch {
          this.aborted++;
          throw new CancelledError();
        } finally {
          this.inFlight--;
        }
        if (problem instanceof Error) throw problem;
        return answer(request.inputs, problem?.dimensions ?? DIMENSIONS, usage);
      }
    };
    const { concurrency } = provider.limits;
    this.pacer = new Pacer({
      concurrency,
      maxConcurrency: maxConcurrency ?? concurrency,
      clock,
      random
    });
    this.handle = runEmbedding({
      provider,
      pacer: this.pacer,
      units: this.#units(units),
      totals: {
        rows: countRows(units),
        tokens: units.reduce((sum, { tokens }) => sum + tokens, 0)
      },
      model: 'm',
      expectedDimensions: DIMENSIONS,
      usdPerMillionTokens: 20,
      loadTokenizer: async () => characters,
      commit: async (batch) => void this.batches.push(batch),
      fail: async (failed, error) => void this.failures.push({ units: failed, error }),
      onProgress: (progress) => this.progress.push({ ...progress, at: this.elapsed }),
      ...rest,
      clock,
      random
    });
  }

  get elapsed(): number {
    return this.clock.now() - this.start;
  }

  /** Rows in the order they were committed. */
  get committedRows(): number[] {
    return this.batches.flatMap(({ units }) => units.flatMap(({ rows }) => rows));
  }

  get failedRows(): number[] {
    return this.failures.flatMap(({ units }) => units.flatMap(({ rows }) => rows));
  }

  /** Tokens of all batches. */
  get tokens(): number {
    return this.batches.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  finish(): Promise<RunOutcome> {
    return this.clock.runUntil(this.handle.done);
  }

  async *#units(units: RunUnit[]): AsyncGenerator<RunUnit> {
    for (const unit of units) {
      this.unitsTaken++;
      yield unit;
    }
  }
}

function answer(inputs: string[], dimensions: number, usage?: (inputs: string[]) => number) {
  const vectors = new Float32Array(inputs.length * dimensions);
  inputs.forEach((text, n) => vectors.set(vectorOf(text).subarray(0, dimensions), n * dimensions));
  return { vectors, dimensions, tokens: usage?.(inputs) ?? 0 };
}

/** Rows that units stand for. */
export function countRows(units: RunUnit[]): number {
  return units.reduce((sum, { rows }) => sum + rows.length, 0);
}

/** `count` texts that all differ, some twenty characters each. */
export function texts(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `text number ${n} of some`);
}

/** A provider's error. */
export function failure(code: string, detail: Record<string, unknown> = {}): ProviderError {
  return new ProviderError(code, `It failed: ${code}.`, 'Do something.', detail);
}

import { FilterError, throwIfCancelled } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { WorkerClient } from './client.ts';
import type { RegexApi } from './regex-api.ts';

/** A pattern may take so long over all texts of a collection: 50 MB take a good one half a second. */
const DEADLINE_MS = 3000;
/** Characters that are sent together. */
const STRETCH = 500_000;

/** Texts of a row that a pattern is tried on. */
export interface RowTexts {
  row: Row;
  texts: string[];
}

/**
 * Tries regular expressions in a worker that can be ended: some patterns take for ever on some texts, and
 * there is no other way to stop one.
 */
export class RegexRunner {
  readonly #worker = new WorkerClient<RegexApi>(
    'regex',
    () => new Worker(new URL('./regex.worker.ts', import.meta.url), { type: 'module' })
  );
  /** One pattern at a time: the one that is too slow takes no other along. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #deadlineMs: number;

  constructor(deadlineMs = DEADLINE_MS) {
    this.#deadlineMs = deadlineMs;
  }

  /**
   * The rows with a text that the pattern matches. Throws `FilterError` `regex-too-slow`, and
   * `CancelledError` when the signal is aborted, which ends the pattern wherever it is.
   */
  matching(pattern: string, rows: Iterable<RowTexts>, signal?: AbortSignal): Promise<Set<Row>> {
    const matching = this.#last.then(() => this.#run(pattern, rows, signal));
    this.#last = matching.catch(() => {});
    return matching;
  }

  /** Ends the worker; it is started again when it is needed. */
  end(): void {
    this.#worker.end();
  }

  async #run(
    pattern: string,
    rows: Iterable<RowTexts>,
    signal: AbortSignal | undefined
  ): Promise<Set<Row>> {
    throwIfCancelled(signal);
    let slow = false;
    const end = () => this.#worker.end();
    const timer = setTimeout(() => {
      slow = true;
      end();
    }, this.#deadlineMs);
    signal?.addEventListener('abort', end, { once: true });
    const found = new Set<Row>();
    try {
      for (const { texts, rowOf } of stretches(rows)) {
        const places = await this.#worker.api.matching(pattern, texts);
        throwIfCancelled(signal);
        for (const place of places) found.add(rowOf[place]!);
        if (slow) throw tooSlow(pattern);
      }
      return found;
    } catch (error) {
      throw slow && !signal?.aborted ? tooSlow(pattern) : error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    }
  }
}

function* stretches(rows: Iterable<RowTexts>): Generator<{ texts: string[]; rowOf: Row[] }> {
  let stretch: { texts: string[]; rowOf: Row[] } = { texts: [], rowOf: [] };
  let length = 0;
  for (const { row, texts } of rows) {
    for (const text of texts) {
      stretch.texts.push(text);
      stretch.rowOf.push(row);
      length += text.length + 16;
    }
    if (length < STRETCH) continue;
    yield stretch;
    stretch = { texts: [], rowOf: [] };
    length = 0;
  }
  if (stretch.texts.length > 0) yield stretch;
}

function tooSlow(pattern: string): FilterError {
  return new FilterError(
    'regex-too-slow',
    `The regular expression ${pattern} takes too long on these texts.`,
    'Make it simpler: repetitions inside repetitions, such as (a+)+, are the usual reason.'
  );
}

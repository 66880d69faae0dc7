/**
 * An error a person can act on: what happened, a stable code for programs, and what to do next.
 * Every domain has its own subclass; codes are kebab-case and never change their meaning.
 */
export class SemblanceError extends Error {
  // Spelled out, here and below: a build shortens the names of classes, and errors cross to workers by name.
  override name = 'SemblanceError';
  /** Stable, machine-readable reason, such as `quota-exceeded`. */
  readonly code: string;
  /** One sentence that says what to do next; empty when there is nothing to do. */
  readonly next: string;
  /** Anything else a caller needs to decide, such as `{ retryAfterMs: 2000 }`; plain data only. */
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, next = '', detail: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.next = next;
    this.detail = detail;
  }
}

/** A file or text that can't be read as items. */
export class ImportError extends SemblanceError {
  override name = 'ImportError';
}
/** The embeddings endpoint refused, failed or answered nonsense. */
export class ProviderError extends SemblanceError {
  override name = 'ProviderError';
}
/** The browser's storage refused or failed. */
export class StoreError extends SemblanceError {
  override name = 'StoreError';
}
/** A filter that can't be read, or can't be decided in time. */
export class FilterError extends SemblanceError {
  override name = 'FilterError';
}
/** The vector index was asked for something it can't do. */
export class IndexError extends SemblanceError {
  override name = 'IndexError';
}

/** The reader (or a closing page) cancelled the operation; never shown as a failure. */
export class CancelledError extends SemblanceError {
  override name = 'CancelledError';

  constructor(message = 'Cancelled.') {
    super('cancelled', message);
  }
}

/** An error as plain data, so that its code and advice cross a worker's border. */
export interface ErrorData {
  name: string;
  code: string;
  message: string;
  next: string;
  detail: Record<string, unknown>;
}

/** Turns anything thrown into plain data; unknown errors get the code `unexpected`. */
export function toErrorData(error: unknown): ErrorData {
  if (error instanceof SemblanceError) {
    const { name, code, message, next, detail } = error;
    return { name, code, message, next, detail: { ...detail } };
  }
  if (error instanceof DOMException && error.name === 'AbortError') {
    return toErrorData(new CancelledError());
  }
  const message = error instanceof Error ? error.message : String(error);
  return { name: 'SemblanceError', code: 'unexpected', message, next: '', detail: {} };
}

const CLASSES: Record<string, typeof SemblanceError> = {
  ImportError,
  ProviderError,
  StoreError,
  FilterError,
  IndexError
};

/** The reverse of {@link toErrorData}: the named class again, with its code and advice. */
export function fromErrorData(data: ErrorData): SemblanceError {
  // By its code: a build shortens the names of classes.
  if (data.code === 'cancelled') return new CancelledError(data.message);
  const Class = CLASSES[data.name] ?? SemblanceError;
  return new Class(data.code, data.message, data.next, data.detail);
}

/** Rejects with {@link CancelledError} when the signal is aborted, and is never settled otherwise. */
export function whenCancelled(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const cancel = () => reject(new CancelledError());
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
  });
}

/** Throws {@link CancelledError} when the signal has been aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CancelledError();
}

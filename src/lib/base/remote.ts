import {
  CancelledError,
  fromErrorData,
  toErrorData,
  type ErrorData,
  type SemblanceError
} from './errors.ts';

/*
 * Calls across a worker's border. A worker file exposes one object of async methods; the other side
 * gets the same methods by `remote<Api>(…)`. Beyond plain data, three things cross: an AbortSignal
 * (aborting it here aborts it there), a function (called there, it runs here, until the call has
 * ended, or longer when it is `lasting`; its answer is not awaited), and errors (name, code, advice). The protocol is the object's type.
 */

/** The API of the other side: every method returns a promise. */
export type Remote<Api> = {
  [K in keyof Api as Api[K] extends (...args: never[]) => unknown ? K : never]: Api[K] extends (
    ...args: infer Args
  ) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

/** Anything messages can be posted to and heard from: a Worker, a MessagePort, a worker's `self`. */
export interface Endpoint {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  start?(): void;
}

type Message =
  | { kind: 'call'; id: number; method: string; args: unknown[] }
  | { kind: 'abort'; id: number }
  | { kind: 'callback'; id: number; arg: number; args: unknown[] }
  | { kind: 'result'; id: number; value: unknown }
  | { kind: 'error'; id: number; error: ErrorData };

/** Stands for an argument that can't be cloned. */
interface Stub {
  __remote: 'signal' | 'callback';
  aborted?: boolean;
}

class Transferred {
  readonly value: unknown;
  readonly list: Transferable[];
  constructor(value: unknown, list: Transferable[]) {
    this.value = value;
    this.list = list;
  }
}

/** Marks a result (or callback argument) whose buffers or ports move instead of being copied. */
export function transfer<T>(value: T, list: Transferable[]): T {
  return new Transferred(value, list) as unknown as T;
}

function post(endpoint: Endpoint, message: Message, transferList: Transferable[] = []): void {
  endpoint.postMessage(message, transferList);
}

/** Answers calls that arrive at `endpoint` with the methods of `api`. */
export function expose(api: object, endpoint: Endpoint): void {
  const running = new Map<number, AbortController>();
  const methods = api as Record<string, (...args: unknown[]) => unknown>;

  async function answer(message: Extract<Message, { kind: 'call' }>): Promise<void> {
    const { id, method } = message;
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const args = message.args.map((arg, position) => {
        if (!isStub(arg)) return arg;
        if (arg.__remote === 'callback') {
          return (...values: unknown[]) => {
            const list = values.flatMap((value) =>
              value instanceof Transferred ? value.list : []
            );
            const plain = values.map((value) =>
              value instanceof Transferred ? value.value : value
            );
            post(endpoint, { kind: 'callback', id, arg: position, args: plain }, list);
          };
        }
        if (arg.aborted) controller.abort();
        return controller.signal;
      });
      const result = await methods[method]!(...args);
      if (result instanceof Transferred) {
        post(endpoint, { kind: 'result', id, value: result.value }, result.list);
      } else {
        post(endpoint, { kind: 'result', id, value: result });
      }
    } catch (error) {
      post(endpoint, { kind: 'error', id, error: toErrorData(error) });
    } finally {
      running.delete(id);
    }
  }

  endpoint.addEventListener('message', (event) => {
    const message = event.data as Message;
    if (message.kind === 'call') void answer(message);
    else if (message.kind === 'abort') running.get(message.id)?.abort();
  });
  endpoint.start?.();
}

/** Answers calls from the page with the methods of `api`; for use in a worker file. */
export function exposeWorker(api: object): void {
  // The DOM's types know `self` as a window; in a worker it posts like a port.
  expose(api, self as unknown as Endpoint);
}

const lastingCallbacks = new WeakSet<object>();

/** Marks a listener that is called after the call that handed it over has ended, too. */
export function lasting<F extends (...args: never[]) => unknown>(callback: F): F {
  lastingCallbacks.add(callback);
  return callback;
}

function isLasting(arg: unknown): boolean {
  return typeof arg === 'function' && lastingCallbacks.has(arg);
}

/** The other side's API, and a way to end every call that waits for it. */
export interface Connection<Api> {
  readonly api: Remote<Api>;
  /** Rejects all waiting and later calls with `reason`. */
  close(reason: SemblanceError): void;
}

/** Calls methods of the object that the other side of `endpoint` exposes. */
export function connect<Api extends object>(endpoint: Endpoint): Connection<Api> {
  interface Waiting {
    resolve: (value: unknown) => void;
    reject: (error: Error) => void;
    done: () => void;
  }
  const waiting = new Map<number, Waiting>();
  // Functions that calls handed over, by their place: kept until the call has ended, or when lasting.
  const callbacks = new Map<number, unknown[]>();
  let nextId = 0;
  let closed: SemblanceError | undefined;

  endpoint.addEventListener('message', (event) => {
    const message = event.data as Message;
    if (message.kind === 'callback') {
      const args = callbacks.get(message.id);
      (args?.[message.arg] as ((...args: unknown[]) => void) | undefined)?.(...message.args);
      return;
    }
    const call = waiting.get(message.id);
    if (!call) return;
    if (message.kind === 'result') call.resolve(message.value);
    else if (message.kind === 'error') call.reject(fromErrorData(message.error));
    else return;
    waiting.delete(message.id);
    if (!callbacks.get(message.id)?.some(isLasting)) callbacks.delete(message.id);
    call.done();
  });
  endpoint.start?.();

  function call(method: string, args: unknown[]): Promise<unknown> {
    if (closed) return Promise.reject(closed);
    const id = nextId++;
    const signal = args.find((arg): arg is AbortSignal => arg instanceof AbortSignal);
    if (signal?.aborted) return Promise.reject(new CancelledError());
    const list: Transferable[] = [];
    const plain = args.map((arg): unknown => {
      if (typeof arg === 'function') return { __remote: 'callback' } satisfies Stub;
      if (arg instanceof AbortSignal)
        return { __remote: 'signal', aborted: arg.aborted } satisfies Stub;
      if (!(arg instanceof Transferred)) return arg;
      list.push(...arg.list);
      return arg.value;
    });
    return new Promise((resolve, reject) => {
      const onAbort = () => post(endpoint, { kind: 'abort', id });
      signal?.addEventListener('abort', onAbort);
      const done = () => signal?.removeEventListener('abort', onAbort);
      waiting.set(id, { resolve, reject, done });
      const functions = args.map((arg) => (typeof arg === 'function' ? arg : undefined));
      if (functions.some(Boolean)) callbacks.set(id, functions);
      try {
        post(endpoint, { kind: 'call', id, method, args: plain }, list);
      } catch (error) {
        waiting.delete(id);
        done();
        reject(error as Error);
      }
    });
  }

  const methods = new Map<PropertyKey, (...args: unknown[]) => Promise<unknown>>();
  const api = new Proxy(Object.create(null) as Remote<Api>, {
    get(_, name) {
      // A promise resolved with this proxy must not take it for a thenable.
      if (typeof name === 'symbol' || name === 'then') return undefined;
      if (!methods.has(name)) methods.set(name, (...args) => call(name, args));
      return methods.get(name);
    }
  });

  return {
    api,
    close(reason) {
      closed = reason;
      for (const { reject, done } of waiting.values()) {
        done();
        reject(reason);
      }
      waiting.clear();
      callbacks.clear();
    }
  };
}

function isStub(value: unknown): value is Stub {
  return typeof value === 'object' && value !== null && '__remote' in value;
}

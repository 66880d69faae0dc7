import type { Arrival } from '../proxy/node-server.ts';

/** Answers a request, or leaves it (undefined) to whoever comes next. */
export type Handler = (request: Request, arrival: Arrival) => Promise<Response | undefined>;

/** Asks each handler in turn; the first answer counts, and 404 when there is none. */
export function inOrder(
  ...handlers: Handler[]
): (request: Request, arrival: Arrival) => Promise<Response> {
  return async (request, arrival) => {
    for (const handler of handlers) {
      const response = await handler(request, arrival);
      if (response) return response;
    }
    return new Response('Not found\n', { status: 404 });
  };
}
